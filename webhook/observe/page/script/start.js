// The filters, and the page's beginning.
'use strict';

const search = el('input', {
  type: 'search',
  id: 'q',
  placeholder: 'Filter by name, model, slice, node',
  'aria-label': 'Filter by text',
  autocomplete: 'off',
  spellcheck: 'false',
});
const select = (key, label, options) =>
  el(
    'select',
    {'aria-label': label, 'data-key': key},
    el('option', {value: ''}, label),
    options.map((each) => el('option', {value: each}, each)),
  );
const namespaces = [...new Set(workloads.map((row) => row.ns))].sort(compare);
const numbers = new Map();
for (const each of findings) numbers.set(each.code, (numbers.get(each.code) || 0) + 1);
const spaces = select('ns', 'All namespaces', namespaces),
  codes = select(
    'code',
    'All findings',
    CODES.filter((each) => numbers.has(each)),
  );
for (const each of codes.options) if (each.value) each.textContent = text(`${each.value} (${numbers.get(each.value)})`);
const tally = new Map();
for (const row of workloads) tally.set(row.verdict, (tally.get(row.verdict) || 0) + 1);
const toggles = RANK.filter((each) => tally.has(each)).map((each) =>
  el(
    'button',
    {type: 'button', class: 'toggle', 'data-verdict': each, 'aria-pressed': 'false', title: VERDICTS[each][2]},
    chip(each),
    el('b', {}, plainNumber.format(tally.get(each))),
  ),
);
const clear = el('button', {type: 'button', class: 'clear', hidden: true}, 'Clear');
const bars = el(
  'details',
  {id: 'filters', open: true},
  el('summary', {}, 'Filter'),
  el(
    'div',
    {role: 'search', 'aria-label': 'Filter'},
    search,
    spaces,
    codes,
    el('div', {class: 'toggles', role: 'group', 'aria-label': 'Verdict'}, toggles),
    clear,
  ),
);
document.querySelector('nav').append(bars);

const views = makeViews(byId('views'));
const rowsText = (noun, all) => (rows) =>
  rows.length === all ? count(all, noun) : `${plainNumber.format(rows.length)} of ${count(all, noun)}`;
const tables = [
  makeTable(
    byId('workloads'),
    'Workloads',
    'w',
    workloadColumns,
    () => shown.workloads,
    (row) => openDetail(row.key, row.index),
    rowsText('workload', workloads.length),
  ),
  makeTable(
    byId('findings'),
    'Findings',
    'f',
    findingColumns,
    () => shown.findings,
    (each) => openDetail(each.of.key, each.of.index),
    (rows) =>
      `${rowsText('finding', findings.length)(rows)}: ${plainNumber.format(rows.filter((each) => each.list === 'observed' || each.kind === 'node').length)} of what runs, ${plainNumber.format(rows.filter((each) => each.list === 'findings' && each.kind === 'workload').length)} of manifests alone`,
  ),
  makeTable(
    byId('nodes'),
    'Nodes',
    'n',
    nodeColumns,
    () => shown.nodes,
    (row) => openDetail(row.key, row.index),
    rowsText('node', nodes.length),
  ),
];
const order = el(
  'button',
  {
    type: 'button',
    class: 'toggle',
    on: {
      click: () => {
        state.order = state.order === 'unused' ? 'name' : 'unused';
        writeFragment();
        update();
      },
    },
  },
  'Least used first',
);
const drawn = new Set(
  drawing.nodes.flatMap((node) =>
    node.gpus.flatMap((gpu) => gpu.flatMap((piece) => (piece[4] > 0 ? [piece[1], 'extra'] : [piece[1]]))),
  ),
);
const key = (state, label, ...inside) =>
  el('li', {}, el('span', {class: `key s-${state}`, 'aria-hidden': 'true'}, inside), label);
const keys = el(
  'ul',
  {class: 'keys', 'aria-label': 'What the slices look like'},
  RANK.filter((each) => drawn.has(each)).map((each) => key(each, VERDICTS[each][0])),
  drawn.has('extra') && key('oversized', 'beyond the need', el('i', {class: 'extra'})),
  Object.entries(FREE)
    .filter(([each]) => drawn.has(each))
    .map(([each, label]) => key(each, label)),
);
document.querySelector('#gpus .tools').append(keys, nodes.length > 1 ? order : '');

function update() {
  filter();
  search.value = state.q;
  spaces.value = state.ns;
  codes.value = state.code;
  const verdicts = chosen();
  for (const each of toggles) each.setAttribute('aria-pressed', String(verdicts.has(each.dataset.verdict)));
  order.setAttribute('aria-pressed', String(state.order === 'unused'));
  clear.hidden = !shown.filtered;
  drawMap();
  for (const each of tables) each.fill();
}
let waiting = 0;
search.addEventListener('input', () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    state.q = search.value;
    writeFragment();
    update();
  }, 80);
});
for (const each of [spaces, codes])
  each.addEventListener('change', () => {
    state[each.dataset.key] = each.value;
    writeFragment();
    update();
  });
for (const each of toggles)
  each.addEventListener('click', () => {
    const verdicts = chosen(),
      which = each.dataset.verdict;
    if (!verdicts.delete(which)) verdicts.add(which);
    state.verdict = RANK.filter((one) => verdicts.has(one)).join(',');
    writeFragment();
    update();
  });
clear.addEventListener('click', () => {
  Object.assign(state, {q: '', ns: '', code: '', verdict: ''});
  writeFragment();
  update();
  search.focus();
});
addEventListener('popstate', () => {
  readFragment();
  update();
  if (views) views.fill();
  showDetail();
});
// Links within the page move the focus, and leave the state in the address alone.
for (const link of document.querySelectorAll('a[href^="#"]'))
  link.addEventListener('click', (event) => {
    const to = byId(link.getAttribute('href').slice(1));
    if (!to) return;
    event.preventDefault();
    if (!to.hasAttribute('tabindex')) to.tabIndex = -1;
    to.focus({preventScroll: true});
    to.scrollIntoView();
  });

const save = byId('save');
save.hidden = false;
save.addEventListener('click', () => {
  // Line by line, as it is held: a key, a value, and what ends the line.
  const pieces = byId('scan')
    .textContent.split('\n')
    .map((line) => {
      const begin = /^(\{"scan":|"\w+":)?/.exec(line)[0],
        rest = line.slice(begin.length);
      for (const value of [rest, rest.slice(0, -1)]) {
        try {
          return `${begin}${JSON.stringify(parse(value))}${rest.slice(value.length)}\n`;
        } catch {
          /* a bracket of a list, or an end too many */
        }
      }
      return `${line}\n`;
    });
  const link = el('a', {
    href: URL.createObjectURL(new Blob(pieces, {type: 'application/json'})),
    download: 'rightslice-scan.json',
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
});

function age() {
  const minutes = Math.floor((Date.now() - Date.parse(scan.scan.takenAt)) / 60000);
  if (!Number.isFinite(minutes) || minutes < 0) return;
  const days = Math.floor(minutes / 1440),
    hours = Math.floor(minutes / 60);
  byId('age').textContent =
    minutes < 1
      ? ', just now'
      : `, ${days >= 2 ? count(days, 'day') : hours >= 2 ? count(hours, 'hour') : count(minutes, 'minute')} ago`;
  byId('age').className = hours >= 24 ? 'old' : '';
}

for (const id of ['gpus', 'workloads', 'findings', 'nodes']) byId(id).hidden = false;
if (!scan.nodes) {
  // What could not be read is not an empty table.
  for (const id of ['gpus', 'nodes']) {
    const [title] = byId(id).children;
    byId(id).replaceChildren(title, el('p', {class: 'none'}, 'Unknown: nodes could not be read.'));
  }
}
readFragment();
update();
if (views) views.fill();
age();
setInterval(age, 60000);
if (matchMedia('(max-width: 760px)').matches && !shown.filtered) bars.open = false;
if (state.open) showDetail();
document.documentElement.dataset.ready = 'yes';
