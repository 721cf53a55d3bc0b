// One workload or node, with all that is known of it.
'use strict';

const dialog = byId('detail');
const facts = (pairs) =>
  el(
    'dl',
    {class: 'facts'},
    pairs
      .filter(([, value]) => value !== undefined && value !== '' && value !== false)
      .map(([label, value]) => el('div', {}, el('dt', {}, label), el('dd', {}, value))),
  );
const code = (value) => el('code', {}, value);
const MOST = 200;
function grid(caption, heads, rows) {
  if (!rows.length) return undefined;
  return el(
    'div',
    {class: 'scroll'},
    el(
      'table',
      {class: 'small'},
      el('caption', {}, caption),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          heads.map((each) => el('th', {scope: 'col'}, each)),
        ),
      ),
      el(
        'tbody',
        {},
        rows.slice(0, MOST).map((row) =>
          el(
            'tr',
            {},
            row.map((each) => el('td', {}, each)),
          ),
        ),
        rows.length > MOST && el('tr', {}, el('td', {colspan: heads.length}, `and ${rows.length - MOST} more`)),
      ),
    ),
  );
}
const part = (title, ...children) => {
  const inside = children.flat().filter(Boolean);
  return inside.length ? el('section', {}, el('h3', {}, title), inside) : undefined;
};
const raw = (title, value) =>
  el('details', {}, el('summary', {}, title), el('pre', {tabindex: '0'}, JSON.stringify(value, null, 2)));
const findingBlock = (each) =>
  el(
    'article',
    {class: 'finding'},
    el(
      'h4',
      {},
      each.code,
      each.aspect && ` of ${each.aspect}`,
      el(
        'small',
        {},
        [
          each.confidence && `${each.confidence} confidence`,
          !each.evidence && `by a policy: ${each.action}`,
          each.container && `container ${each.container}`,
          each.pod && `pod ${each.pod}`,
        ]
          .filter(Boolean)
          .join(' · '),
      ),
    ),
    el('p', {}, each.message),
    each.remedy && el('p', {class: 'remedy'}, '→ ', each.remedy),
    each.evidence &&
      grid(
        'What it rests on',
        ['Value', '', 'From', 'At'],
        each.evidence.map((one) => [one.name, el('b', {}, one.value), one.source, one.at || scan.scan.takenAt]),
      ),
    each.path && el('p', {class: 'dim'}, 'Path ', code(each.path)),
  );
const paid = (cost) =>
  cost &&
  cost.total !== undefined && [
    el(
      'p',
      {},
      `${currency} ${amount(cost.total)} a month: `,
      BUCKETS.filter((each) => cost.buckets[each] > 0)
        .map((each) => `${each} ${amount(cost.buckets[each])}`)
        .join(', '),
      cost.millionTokens !== undefined && `; a million tokens cost ${currency} ${cost.millionTokens}`,
    ),
    bar(cost.buckets, cost.total),
  ];

function containerBlock(it, each) {
  const asked = each.requested,
    need = each.need,
    holds = asked && asked.usableBytes;
  const terms = (need && need.terms) || [];
  const whole = Math.max(holds || 0, need ? need.highBytes || need.bytes : 0) || 1;
  const stack =
    need &&
    el(
      'span',
      {class: 'stack', 'aria-hidden': 'true'},
      terms
        .filter((term) => term.bytes > 0)
        .map((term, at) =>
          el('i', {class: `t${at % 6}`, grow: term.bytes, title: `${term.name} ${bytes(term.bytes)}`}),
        ),
    );
  if (stack) stack.style.width = `${Math.min(100, (100 * need.bytes) / whole).toFixed(1)}%`;
  const limit = stack && holds && el('span', {class: 'limit', 'aria-hidden': 'true'});
  if (limit) limit.style.left = `${((100 * holds) / whole).toFixed(1)}%`;
  return part(
    `Container ${each.name}`,
    facts([
      ['Engine', each.engine],
      ['Model', each.model && code(each.model)],
      [
        'Asks for',
        asked && [
          code(asked.resource),
          asked.count !== 1 && ` × ${asked.count}`,
          holds !== undefined && ` which holds ${bytes(holds)}`,
        ],
      ],
      ['On', asked && asked.gpus && asked.gpus.join(', ')],
      [
        'Needs',
        need
          ? `${bytes(need.bytes)}, at least ${bytes(need.minimumBytes)}, at most ${need.highBytes === undefined ? 'not known' : bytes(need.highBytes)}`
          : asked && 'not known',
      ],
      ['By', need && `${need.source}, ${need.confidence} confidence`],
      [
        'Better',
        each.recommended &&
          !contradicted(it, each.name) && [
            code(each.recommended.resource),
            each.recommended.count && ` × ${each.recommended.count}`,
            each.recommended.usableBytes !== undefined && ` which holds ${bytes(each.recommended.usableBytes)}`,
            each.recommended.flags &&
              `, with ${Object.entries(each.recommended.flags)
                .map((pair) => pair.join(' '))
                .join(' ')}`,
          ],
      ],
      [
        'Would do with',
        each.remedy &&
          code(
            Object.entries(each.remedy.flags)
              .map((pair) => pair.join(' '))
              .join(' '),
          ),
      ],
    ]),
    stack && el('div', {class: 'stacked'}, stack, limit),
    grid(
      'What the need is made of',
      ['Term', 'Bytes', 'From'],
      terms.map((term) => [term.name, [bytes(term.bytes), term.open && ' or more'], term.from]),
    ),
    each.settings &&
      Object.keys(each.settings).length &&
      grid(
        'Settings as written',
        ['Setting', 'Value'],
        Object.entries(each.settings).map(([key, value]) => [key, String(value)]),
      ),
  );
}

function measuredRows(it) {
  const show = (value, unit) =>
    value === undefined
      ? ''
      : unit === 'bytes'
        ? bytes(value)
        : unit === '%'
          ? `${plainNumber.format(value)} %`
          : plainNumber.format(value);
  const clock = (at) => (at ? at.replace(/^.*T|Z$/g, '') : '');
  return (it.measured || []).flatMap((of) =>
    Object.entries(of.values).map(([name, each]) => [
      `${of.pod} ${of.container}`,
      name,
      each.insufficient
        ? el('i', {}, `insufficient data: ${each.insufficient}`)
        : el('b', {}, show(each.value, each.unit)),
      [
        each.peak !== undefined && `peak ${show(each.peak, each.unit)}`,
        each.perSecond !== undefined && `${plainNumber.format(each.perSecond)}/s`,
        each.capacity !== undefined && ` of ${bytes(each.capacity)}`,
      ],
      `${each.windowSeconds ? `${plainNumber.format(each.windowSeconds / 60)} min` : 'once'}, ${each.stepsSeen}/${each.steps} steps, to ${clock(each.at)}`,
      [each.metric, each.source && el('small', {}, each.source)],
      each.confidence,
    ]),
  );
}

function workloadDetail(row) {
  const it = workloadAt(row.index),
    told = new Set(it.observed.map((each) => each.code));
  return [
    facts([
      ['Verdict', [chip(row.verdict), ` ${VERDICTS[row.verdict][2]}`]],
      ['Slice', [row.slice, row.better && `, better ${row.better}`]],
      ['Needs of what it holds', row.need !== undefined && gauge(row.need, row.holds)],
      [
        'Ready',
        `${row.ready} of ${row.replicas === undefined ? 'an unknown number' : row.replicas}${row.waiting ? `, ${row.waiting} wait for a node` : ''}`,
      ],
      [
        'Scaling',
        it.scaling.state === 'scaled' ? `${it.scaling.by}, up to ${it.scaling.maxReplicas}` : it.scaling.state,
      ],
      ['Owner', row.owner],
      ['Read', it.byItsPods && 'by its pods alone'],
      ['Policies', it.policies.length ? `${it.policies.join(', ')}${it.mode ? `, in ${it.mode} mode` : ''}` : 'none'],
      ['Decision', [it.decision, it.wouldBe && it.wouldBe !== it.decision && `; enforced it would be ${it.wouldBe}`]],
    ]),
    it.unknown.length > 0 &&
      part(
        'Unknown',
        el(
          'ul',
          {class: 'warn'},
          it.unknown.map((each) => el('li', {}, each)),
        ),
      ),
    part(
      'Money',
      paid(row.cost) ||
        el('p', {class: 'dim'}, row.pods ? 'No price, or nothing held that is known.' : 'It holds nothing now.'),
    ),
    part(
      'Findings',
      it.observed.map(findingBlock),
      standing(it)
        .filter((each) => !told.has(each.code))
        .map(findingBlock),
    ),
    it.containers.map((each) => containerBlock(it, each)),
    part(
      'Measured',
      it.measured
        ? grid(
            'By metrics',
            ['Pod, container', 'Measure', 'Value', 'Peak or rate', 'Window', 'Metric, from', 'Confidence'],
            measuredRows(it),
          ) || el('p', {class: 'dim'}, 'Insufficient data: no series is of its pods.')
        : el('p', {class: 'dim'}, 'Unknown: no metrics were asked for.'),
    ),
    part(
      'Pods',
      grid(
        'Pods with GPUs',
        ['Pod', 'Node', 'Phase', 'Ready', 'Restarts', 'Image'],
        it.pods.map((each) => [
          each.name,
          each.node || each.unschedulable || 'not placed',
          each.phase + (each.deleting ? ', being deleted' : ''),
          each.ready ? 'yes' : 'no',
          each.containers
            .map(
              (one) =>
                `${one.restarts}${one.waiting ? ` ${one.waiting}` : ''}${one.ended ? ` (${one.ended.reason} ${one.ended.exitCode})` : ''}`,
            )
            .join(', '),
          each.containers.map((one) => one.image).join(', '),
        ]),
      ),
    ),
    it.patch.length > 0 && raw('Patch', it.patch),
    raw('All that is known, as JSON', it),
  ];
}
function nodeDetail(row) {
  const it = nodeAt(row.index),
    price = (money.nodes || [])[row.index] || {};
  return [
    facts([
      ['Product', row.title],
      ['GPUs', row.gpus === undefined ? 'not known' : row.gpus],
      ['Ready', it.ready ? 'yes' : 'no'],
      ['Cordoned', it.cordoned && 'yes'],
      ['Strategy', it.strategy],
      ['Configuration', it.config && `${it.config} (${it.configState || 'state not told'})`],
      ['Shared by', it.sharing],
      ['Pods to a GPU', it.shares],
      ['Taints', it.taints.join(', ')],
    ]),
    part(
      'Money',
      paid(price) || el('p', {class: 'dim'}, price.unpriced ? `No price: ${price.unpriced}` : 'Unknown.'),
      price.from && el('p', {class: 'dim'}, `${currency} ${price.gpuHour} for a GPU and hour: ${price.from}`),
      price.unknown && el('p', {class: 'warn'}, `Unknown: ${price.unknown}`),
    ),
    part('Findings', it.findings.map(findingBlock)),
    part(
      'Slices',
      grid(
        'On offer',
        ['Resource', 'Profile', 'There', 'Offered', 'Asked for', 'Free', 'Running'],
        it.slices.map((each) => [
          each.resource,
          each.profile || '',
          each.capacity,
          each.offered,
          each.asked === undefined ? '?' : each.asked,
          each.free === undefined ? '?' : each.free,
          each.running,
        ]),
      ),
    ),
    part(
      'Held by',
      grid(
        'Containers',
        ['Workload', 'Pod', 'Container', 'Slice', 'Running'],
        it.holds.map((each) => [
          `${each.namespace}/${each.name || ''}`,
          each.pod,
          each.container,
          `${each.profile || each.resource}${each.count === 1 ? '' : ` × ${each.count}`}`,
          each.running ? 'yes' : 'no',
        ]),
      ),
    ),
    raw('Labels', it.labels),
    raw('All that is known, as JSON', it),
  ];
}

function showDetail() {
  const [key, at] = state.open.split('#'),
    rows = key.startsWith('node/') && nodes.some((each) => each.key === key) ? nodes : workloads;
  const row = (rows[at] && rows[at].key === key && rows[at]) || rows.find((each) => each.key === key);
  if (!row) {
    if (dialog.open) dialog.close();
    return;
  }
  const close = el(
    'button',
    {type: 'button', class: 'close', 'aria-label': 'Close', on: {click: () => dialog.close()}},
    '×',
  );
  dialog.replaceChildren(
    el(
      'header',
      {},
      el(
        'h2',
        {id: 'detail-title', tabindex: '-1'},
        row.name,
        el('small', {}, rows === nodes ? 'Node' : `${row.ns} · ${row.kind}`),
      ),
      close,
    ),
    el('div', {class: 'inside'}, (rows === nodes ? nodeDetail(row) : workloadDetail(row)).flat().filter(Boolean)),
  );
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  byId('detail-title').focus();
}
function openDetail(key, index) {
  state.open = `${key}#${index}`;
  writeFragment(true);
  hideHint();
  showDetail();
}
dialog.addEventListener('close', () => {
  if (!state.open) return;
  state.open = '';
  writeFragment();
});
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close();
});
