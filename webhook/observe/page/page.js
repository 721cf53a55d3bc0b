// The page reads what `rightslice scan -o json` says (#scan), and how its GPUs are drawn (#drawing). Texts of the cluster are hostile:
// they reach the document as text nodes only, by el() and text().
'use strict';
try {
  const byId = (id) => document.getElementById(id);

  // ---- texts ----------------------------------------------------------------------------------------------------------------------

  // Control characters, and marks that turn or end a line: a name must not rearrange what stands around it.
  const UNPRINTABLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
  const text = (value) => String(value).replace(UNPRINTABLE, '\ufffd');

  function el(tag, options = {}, ...children) {
    const out = document.createElement(tag);
    for (const [key, value] of Object.entries(options)) {
      if (value === undefined || value === false) continue;
      if (key === 'class') out.className = value;
      else if (key === 'on') for (const [event, handler] of Object.entries(value)) out.addEventListener(event, handler);
      else if (key === 'grow') out.style.flexGrow = value;
      else out.setAttribute(key, value === true ? '' : text(value));
    }
    for (const child of children.flat(Infinity)) {
      if (child === undefined || child === null || child === false || child === '') continue;
      out.append(child instanceof Node ? child : document.createTextNode(text(child)));
    }
    return out;
  }

  const twoDigits = new Intl.NumberFormat('en-US', {minimumFractionDigits: 2, maximumFractionDigits: 2});
  const plainNumber = new Intl.NumberFormat('en-US', {maximumFractionDigits: 1});
  const amount = (value) => value === undefined ? '' : twoDigits.format(value);
  const count = (value, noun) => `${plainNumber.format(value)} ${noun}${value === 1 ? '' : 's'}`;
  const percent = (part, all) => all > 0 ? `${(100 * part / all).toFixed(1)} %` : '';
  function bytes(value) {
    if (value === undefined) return '?';
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let at = 0;
    for (; value >= 1024 && at < units.length - 1; ++at) value /= 1024;
    return `${plainNumber.format(value)} ${units[at]}`;
  }

  const VERDICTS = {
    limit: ['At its limit', '▲', 'too little memory, or close to it'], idle: ['Idle', '○', 'it does nothing'],
    oversized: ['Oversized', '◣', 'a smaller slice would do'], unknown: ['Unknown', '?', 'what it needs is not known'],
    right: ['Right', '✓', 'it needs what it holds'],
  };
  const RANK = Object.keys(VERDICTS);
  const FREE = {dark: 'free', stranded: 'stranded', overhead: 'not handed out', unseen: 'cannot be seen'};
  const BUCKETS = ['right', 'oversized', 'idle', 'unknown', 'dark', 'stranded', 'overhead'];
  const chip = (verdict) => el('span', {class: `chip v-${verdict}`}, el('span', {class: 'mark', 'aria-hidden': 'true'}, VERDICTS[verdict][1]), VERDICTS[verdict][0]);

  // ---- data -----------------------------------------------------------------------------------------------------------------------

  // Values that are there more than once stand in #repeated; {"$": n} stands for one of them.
  const repeated = JSON.parse(byId('repeated').textContent);
  const whole = (value) => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(whole);
    if (Number.isInteger(value.$) && Object.keys(value).length === 1) return repeated[value.$];
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, whole(each)]));
  };
  const parse = (json) => whole(JSON.parse(json));

  // One member a line, and of results and nodes one element a line (observe/observation_json.hpp). Elements are read one by one, when
  // they are needed, so that a large cluster is not in memory twice.
  function readScan(json) {
    const lines = json.split('\n');
    const out = {scan: parse(lines[0].replace(/,$/, '') + '}').scan};
    for (let i = 1; i < lines.length; ++i) {
      const found = /^"(\w+)":(.*)$/.exec(lines[i]);
      if (!found) continue;
      if (found[2] !== '[') {
        out[found[1]] = parse(found[2].slice(0, -1));
        continue;
      }
      const list = [];
      for (++i; !lines[i].startsWith(']'); ++i) list.push(lines[i].endsWith(',') ? lines[i].slice(0, -1) : lines[i]);
      out[found[1]] = list;
    }
    return out;
  }

  const scan = readScan(byId('scan').textContent);
  const drawing = JSON.parse(byId('drawing').textContent);
  const money = scan.money || {};
  const currency = money.currency || '';
  const workloadAt = (index) => parse(scan.results[index]);
  const nodeAt = (index) => parse(scan.nodes[index]);

  const costs = new Map();   // of a workload's key, in the order of the results
  for (const each of money.workloads || []) {
    if (each.held === false) continue;
    const key = `${each.namespace}/${each.kind}/${each.name}`;
    if (!costs.has(key)) costs.set(key, []);
    costs.get(key).push(each);
  }

  const shortModel = (model) => model.slice(model.lastIndexOf('/') + 1);
  const sliceOf = (asked) => (asked.profile || (asked.resource === 'nvidia.com/gpu' ? 'whole GPU' : asked.resource)) + (asked.count === 1 ? '' : ` × ${asked.count}`);
  const codesOf = (observed, judged) => [...new Set([...observed, ...judged.filter((each) => each.action !== 'allow')].map((each) => each.code))];
  const searchable = (...parts) => parts.flat().join(' ').toLowerCase();

  function workloadRow(line, index) {
    const it = parse(line), asking = it.containers.filter((each) => each.requested);
    const row = {index, ns: it.namespace, kind: it.kind, name: it.name, key: `${it.namespace}/${it.kind}/${it.name}`, verdict: drawing.verdicts[index]};
    row.owner = it.owner ? `${it.owner.kind} ${it.owner.name}` : '';
    row.model = [...new Set(asking.map((each) => each.model || each.engine || '').filter(Boolean))].join(', ');
    row.slice = asking.map((each) => sliceOf(each.requested)).join(', ');
    row.better = asking.map((each) => each.recommended ? each.recommended.profile || `${each.recommended.resource} × ${each.recommended.count || 1}` : '').filter(Boolean).join(', ');
    row.need = asking.length === 1 && asking[0].need ? asking[0].need.bytes : undefined;
    row.holds = asking.length === 1 ? asking[0].requested.usableBytes : undefined;
    row.pods = it.pods.length;
    row.ready = it.pods.filter((each) => each.ready).length;
    row.waiting = it.pods.filter((each) => !each.node).length;
    row.replicas = it.replicas;
    row.codes = codesOf(it.observed, it.findings);
    row.findings = it.observed.map((each, at) => ['observed', at, each.code, each.confidence]);
    const told = new Set(it.observed.map((each) => each.code));
    it.findings.forEach((each, at) => each.action !== 'allow' && !told.has(each.code) && row.findings.push(['findings', at, each.code, '']));
    row.cost = (costs.get(row.key) || []).shift();
    row.total = row.cost && row.cost.total;
    row.waste = row.cost && row.cost.buckets ? (row.cost.buckets.oversized || 0) + (row.cost.buckets.idle || 0) : undefined;
    row.search = searchable(row.key, row.owner, row.model, row.slice, row.codes);
    return row;
  }

  function nodeRow(line, index) {
    const it = parse(line), paid = (money.nodes || [])[index] || {}, drawn = drawing.nodes[index] || {gpus: []};
    const row = {index, name: it.name, key: `node/${it.name}`, product: it.product || '', gpus: it.gpus, ready: it.ready, cordoned: it.cordoned, drawn};
    row.title = (drawing.products[row.product] || {}).title || row.product || 'Product not known';
    row.slices = it.slices.map((each) => `${each.profile || (each.resource === 'nvidia.com/gpu' ? 'whole' : each.resource)} ${each.asked === undefined ? '?' : each.asked}/${each.offered}`).join(', ');
    row.codes = codesOf(it.findings, []);
    row.findings = it.findings.map((each, at) => ['findings', at, each.code, each.confidence]);
    row.hours = (paid.gpuHours || {}).buckets || {};
    row.allHours = (paid.gpuHours || {}).total || 0;
    row.held = (row.hours.right || 0) + (row.hours.oversized || 0) + (row.hours.idle || 0);
    row.unused = row.allHours - (row.hours.right || 0) - (row.hours.unknown || 0);
    row.total = paid.total;
    row.buckets = paid.buckets;
    row.holders = new Set();
    for (const gpu of drawn.gpus) for (const piece of gpu) if (piece.length > 3) row.holders.add(piece[3]);
    row.search = searchable(row.name, row.product, row.title, row.slices, row.codes);
    return row;
  }

  const workloads = scan.results.map(workloadRow);
  const nodes = (scan.nodes || []).map(nodeRow);
  const findings = [];
  for (const [kind, rows] of [['workload', workloads], ['node', nodes]])
    for (const row of rows) for (const [list, at, code, confidence] of row.findings) findings.push({kind, of: row, list, at, code, confidence});
  const CODES = [...new Set([...Object.keys(drawing.codes), ...findings.map((each) => each.code)])];

  // ---- state, kept in the fragment of the address ---------------------------------------------------------------------------------

  const DEFAULTS = {q: '', ns: '', code: '', verdict: '', order: nodes.length > 24 ? 'unused' : 'name', by: 'namespace', w: 'verdict', f: 'code', n: 'name', m: '-total', open: ''};
  const state = {...DEFAULTS};
  function readFragment() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of Object.keys(DEFAULTS)) state[key] = given.has(key) ? given.get(key) : DEFAULTS[key];
    if (!Object.hasOwn(VIEWS, state.by)) state.by = DEFAULTS.by;   // anybody can write an address
    state.verdict = RANK.filter((each) => state.verdict.split(',').includes(each)).join(',');
  }
  function writeFragment(push) {
    const out = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) if (value !== DEFAULTS[key]) out.set(key, value);
    const hash = out.toString();
    history[push ? 'pushState' : 'replaceState'](null, '', hash ? `#${hash}` : location.pathname + location.search);
  }

  const chosen = () => new Set(state.verdict.split(',').filter(Boolean));
  function matches(row, verdicts, words) {
    return (!state.ns || row.ns === state.ns) && (!state.code || row.codes.includes(state.code)) && (verdicts.size === 0 || verdicts.has(row.verdict)) &&
      words.every((word) => row.search.includes(word));
  }
  const shown = {};
  function filter() {
    const verdicts = chosen(), words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    shown.filtered = Boolean(state.q || state.ns || state.code || state.verdict);
    shown.workloads = workloads.filter((row) => matches(row, verdicts, words));
    shown.holders = new Set(shown.workloads.map((row) => row.index));
    // A node is shown for itself, or for what runs on it.
    const ofNode = (row) => !state.ns && verdicts.size === 0 && (!state.code || row.codes.includes(state.code)) && words.every((word) => row.search.includes(word));
    shown.own = new Set(nodes.filter(ofNode));
    shown.nodes = nodes.filter((row) => !shown.filtered || shown.own.has(row) || [...row.holders].some((each) => shown.holders.has(each)));
    shown.findings = findings.filter((each) => (each.kind === 'workload' ? shown.holders.has(each.of.index) : shown.own.has(each.of)) && (!state.code || each.code === state.code));
  }

  // ---- tables ---------------------------------------------------------------------------------------------------------------------

  const FIRST = 50, MORE = 200;
  function compare(a, b) {
    if (a === undefined || a === '') return b === undefined || b === '' ? 0 : 1;   // what is not known stands last
    if (b === undefined || b === '') return -1;
    return typeof a === 'number' ? a - b : String(a).localeCompare(String(b), 'en', {numeric: true});
  }
  function sorted(rows, columns, sort) {
    const down = sort.startsWith('-'), column = columns.find((each) => each.id === sort.replace('-', '')) || columns[0];
    const keyed = rows.map((row) => [column.by(row), row]);
    const known = (key) => key !== undefined && key !== '';
    keyed.sort(([a], [b]) => down && known(a) && known(b) ? compare(b, a) : compare(a, b));
    return keyed.map(([, row]) => row);
  }

  // columns: {id, label, by(row), cell(row) -> children, n: a number, minor: not on a phone}
  function makeTable(host, label, key, columns, rowsOf, open, noun) {
    const status = el('p', {class: 'count', role: 'status'}), body = el('tbody', {role: 'rowgroup'}), foot = el('div', {class: 'more'});
    const heads = columns.map((column) => el('th', {scope: 'col', role: 'columnheader', class: [column.n && 'n', column.minor && 'minor'].filter(Boolean).join(' ')},
      el('button', {type: 'button', on: {click: () => sortBy(column)}}, column.label, el('span', {class: 'arrow', 'aria-hidden': 'true'}))));
    // Roles are written out: on a phone rows are laid out as cards, and browsers then forget that they are rows.
    const table = el('table', {class: `list list-${key}`, role: 'table'}, el('caption', {class: 'hidden'}, label), el('thead', {role: 'rowgroup'}, el('tr', {role: 'row'}, heads)), body);
    host.append(status, el('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label}, table), foot);
    let rows = [], limit = FIRST;
    function sortBy(column) {
      const now = state[key];
      state[key] = now === column.id ? `-${column.id}` : now === `-${column.id}` ? column.id : column.n ? `-${column.id}` : column.id;
      limit = FIRST;
      writeFragment();
      fill();
    }
    function line(row) {
      const cells = columns.map((column, at) => el(at === 0 ? 'th' : 'td', {scope: at === 0 && 'row', role: at === 0 ? 'rowheader' : 'cell', 'data-label': column.label, class: [column.n && 'n', column.minor && 'minor', column.id].filter(Boolean).join(' ')}, column.cell(row)));
      return el('tr', {role: 'row', on: open && {click: (event) => event.target.closest('a, button') || getSelection().toString() || open(row)}}, cells);
    }
    function fill() {
      rows = sorted(rowsOf(), columns, state[key]);
      columns.forEach((column, at) => {
        const sort = state[key] === column.id ? 'ascending' : state[key] === `-${column.id}` ? 'descending' : 'none';
        heads[at].setAttribute('aria-sort', sort);
      });
      body.replaceChildren(...rows.slice(0, limit).map(line));
      status.replaceChildren(noun(rows));
      rest();
    }
    function rest() {
      const left = rows.length - limit;
      foot.replaceChildren();
      if (left <= 0) return;
      foot.append(el('button', {type: 'button', on: {click: () => {
        const from = limit;
        limit += MORE;
        body.append(...rows.slice(from, limit).map(line));
        rest();
        const first = body.rows[from].querySelector('button');
        if (first) first.focus();
      }}}, `Show ${Math.min(MORE, left)} more of ${plainNumber.format(left)}`));
    }
    return {fill: (again) => { if (!again) limit = FIRST; fill(); }};
  }

  const opener = (row, label) => el('button', {type: 'button', class: 'link', on: {click: () => openDetail(row.key, row.index)}}, label);
  const codeList = (codes) => el('span', {class: 'codelist'}, codes.map((each) => el('span', {title: drawing.codes[each] || ''}, each)));
  // How much of what is held is needed.
  function gauge(need, holds) {
    if (need === undefined || holds === undefined) return el('span', {class: 'dim'}, `${bytes(need)} of ${bytes(holds)}`);
    const over = need > holds, fill = el('i', {class: over ? 'over' : ''});
    fill.style.width = `${Math.min(100, 100 * need / holds).toFixed(1)}%`;
    return el('span', {class: 'gauge'}, `${bytes(need)} of ${bytes(holds)}`, el('span', {class: 'track', 'aria-hidden': 'true'}, fill));
  }
  const bar = (buckets, total, whole) => {
    const parts = BUCKETS.filter((each) => buckets[each] > 0).map((each) => el('i', {class: `b-${each}`, grow: buckets[each], title: `${each} ${percent(buckets[each], total)}`}));
    const out = el('span', {class: 'bar', 'aria-hidden': 'true'}, parts);
    out.style.width = `${(100 * total / (whole || total)).toFixed(2)}%`;
    return out;
  };

  const workloadColumns = [
    {id: 'name', label: 'Workload', by: (row) => row.key, cell: (row) => [opener(row, row.name), el('small', {}, `${row.ns} · ${row.kind}`, row.owner && ` of ${row.owner}`)]},
    {id: 'verdict', label: 'Verdict', by: (row) => RANK.indexOf(row.verdict) - (row.total || 0) / 1e12, cell: (row) => chip(row.verdict)},
    {id: 'model', label: 'Model', minor: true, by: (row) => row.model, cell: (row) => row.model || el('span', {class: 'dim'}, 'unknown')},
    {id: 'slice', label: 'Slice', by: (row) => row.slice, cell: (row) => [row.slice || '?', row.better && el('small', {}, `better ${row.better}`)]},
    {id: 'need', label: 'Needs of what it holds', minor: true, by: (row) => row.need === undefined || !row.holds ? undefined : row.need / row.holds, cell: (row) => gauge(row.need, row.holds)},
    {id: 'ready', label: 'Ready', n: true, minor: true, by: (row) => row.ready, cell: (row) => `${row.ready}/${row.replicas === undefined ? '?' : row.replicas}`},
    {id: 'codes', label: 'Findings', minor: true, by: (row) => row.codes.length || undefined, cell: (row) => codeList(row.codes)},
    {id: 'cost', label: `${currency} a month`, n: true, by: (row) => row.total, cell: (row) => row.total === undefined ? el('span', {class: 'dim'}, row.pods ? '?' : '–') : amount(row.total)},
    {id: 'waste', label: 'Of it waste', n: true, minor: true, by: (row) => row.waste, cell: (row) => row.waste === undefined ? '' : row.waste === 0 ? el('span', {class: 'dim'}, '0.00') : amount(row.waste)},
  ];
  const nodeColumns = [
    {id: 'name', label: 'Node', by: (row) => row.name, cell: (row) => [opener(row, row.name), nodeMarks(row)]},
    {id: 'product', label: 'Product', by: (row) => row.title, cell: (row) => row.title},
    {id: 'gpus', label: 'GPUs', n: true, by: (row) => row.gpus, cell: (row) => row.gpus === undefined ? '?' : row.gpus},
    {id: 'slices', label: 'Slices, asked for of offered', minor: true, by: (row) => row.slices, cell: (row) => row.slices},
    {id: 'held', label: 'Held', n: true, by: (row) => row.allHours ? row.held / row.allHours : undefined, cell: (row) => row.allHours ? percent(row.held, row.allHours) : '?'},
    {id: 'use', label: 'GPU time', minor: true, by: (row) => row.allHours ? row.unused / row.allHours : undefined, cell: (row) => row.allHours ? bar(row.hours, row.allHours) : ''},
    {id: 'codes', label: 'Findings', minor: true, by: (row) => row.codes.length || undefined, cell: (row) => codeList(row.codes)},
    {id: 'cost', label: `${currency} a month`, n: true, by: (row) => row.total, cell: (row) => row.total === undefined ? '?' : amount(row.total)},
  ];
  const told = (each) => (each.kind === 'workload' ? workloadAt(each.of.index) : nodeAt(each.of.index))[each.list][each.at];
  const findingColumns = [
    {id: 'code', label: 'Finding', by: (each) => CODES.indexOf(each.code), cell: (each) => el('b', {title: drawing.codes[each.code] || ''}, each.code)},
    {id: 'of', label: 'Of', by: (each) => each.of.key, cell: (each) => [opener(each.of, each.of.name), el('small', {}, each.kind === 'node' ? 'node' : `${each.of.ns} · ${each.of.kind}`)]},
    {id: 'what', label: 'What, and what to do', by: (each) => CODES.indexOf(each.code), cell: (each) => {
      const it = told(each);
      return [each.list === 'findings' && it.container && `Container ${it.container}: `, it.message, it.remedy && el('small', {}, `→ ${it.remedy}`)];
    }},
    {id: 'confidence', label: 'Confidence', minor: true, by: (each) => ['high', 'medium', 'low', ''].indexOf(each.confidence), cell: (each) => each.confidence || 'by its manifest'},
  ];
  const nodeMarks = (row) => el('small', {}, [!row.ready && 'not ready', row.cordoned && 'cordoned'].filter(Boolean).join(', '));

  // ---- money by view --------------------------------------------------------------------------------------------------------------

  const VIEWS = {namespace: ['Namespace', 'namespaces', 'namespace'], model: ['Model', 'models', 'model'], product: ['Product', 'products', 'product'],
                 workload: ['Workload', 'workloads', 'name'], node: ['Node', 'nodes', 'node']};
  function viewRows(view) {
    const [, list, label] = VIEWS[view];
    return (money[list] || []).map((each) => {
      const name = each.held === false ? 'held by none' : each[label] === undefined ? 'not known' : view === 'workload' ? `${each.namespace}/${each.name}` : each[label];
      return {name, special: each.held === false || each[label] === undefined, total: each.total, buckets: each.buckets || {}, hours: each.gpuHours.total};
    });
  }
  function makeViews(host) {
    if (money.total === undefined) return undefined;
    const usual = BUCKETS.filter((each) => each === 'right' || money.buckets[each] > 0);
    const tabs = el('div', {class: 'tools', role: 'group', 'aria-label': 'Parts of the spend'}, el('span', {}, 'The spend by'), Object.entries(VIEWS).map(([id, [label]]) =>
      el('button', {type: 'button', class: 'toggle', 'data-by': id, on: {click: () => { state.by = id; writeFragment(); fill(); }}}, label.toLowerCase())));
    const place = el('div');
    host.append(tabs, place);
    host.hidden = false;
    function fill() {
      for (const each of tabs.querySelectorAll('button')) each.setAttribute('aria-pressed', String(each.dataset.by === state.by));
      const rows = viewRows(state.by), most = Math.max(...rows.map((row) => row.total || 0), 0.01);
      const columns = [
        {id: 'name', label: VIEWS[state.by][0], by: (row) => row.name, cell: (row) => row.special ? el('i', {}, row.name) : row.name},
        {id: 'parts', label: 'Parts', minor: true, by: (row) => row.total, cell: (row) => row.total ? bar(row.buckets, row.total, most) : ''},
        {id: 'total', label: currency, n: true, by: (row) => row.total, cell: (row) => row.total === undefined ? '?' : amount(row.total)},
        ...usual.map((bucket) => ({id: bucket, label: bucket, n: true, minor: true, by: (row) => row.buckets[bucket],
                                   cell: (row) => row.buckets[bucket] ? amount(row.buckets[bucket]) : el('span', {class: 'dim'}, '–')})),
      ];
      place.replaceChildren();
      const noun = (all) => {
        const cents = all.reduce((sum, row) => sum + Math.round((row.total || 0) * 100), 0);
        return `${count(all.length, 'row')}, together ${currency} ${amount(cents / 100)} a month`;
      };
      makeTable(place, `The spend by ${state.by}`, 'm', columns, () => rows, undefined, noun).fill();
    }
    return {fill};
  }

  // ---- the map of GPUs ------------------------------------------------------------------------------------------------------------

  const map = byId('map'), waits = byId('waits');
  const pieceText = (piece) => piece[2] || (piece[1] in FREE ? 'part of a GPU' : 'whole GPU');
  function pieceLabel(node, piece) {
    const holder = piece.length > 3 ? workloads[piece[3]] : undefined;
    if (!holder) return `${pieceText(piece)} of ${node.name}: ${FREE[piece[1]]}`;
    return `${pieceText(piece)} of ${node.name}: ${holder.kind} ${holder.ns}/${holder.name}${holder.model ? `, ${holder.model}` : ''}; ${VERDICTS[piece[1]][0].toLowerCase()}`;
  }
  function drawPiece(node, nodeAt, piece) {
    const holder = piece.length > 3 ? workloads[piece[3]] : undefined;
    const share = piece[0] / node.drawn.units;
    const label = holder ? (holder.model ? shortModel(holder.model) : holder.name) : share < 0.2 ? '' : piece[2] ? `${piece[2]} ${FREE[piece[1]]}` : FREE[piece[1]];
    const out = el('button', {type: 'button', tabindex: '-1', grow: piece[0], 'aria-label': pieceLabel(node, piece),
                              class: `piece s-${piece[1]}${holder && !shown.holders.has(holder.index) ? ' faint' : ''}`},
                   holder && share >= 0.2 && el('span', {class: 'mark', 'aria-hidden': 'true'}, VERDICTS[piece[1]][1]), el('span', {class: 'label'}, label));
    out.dataset.node = nodeAt;
    if (holder) out.dataset.workload = holder.index;
    if (piece.length > 4 && piece[4] > 0) {   // what of it is beyond the slice that would do
      const extra = el('i', {class: 'extra', 'aria-hidden': 'true'});
      extra.style.width = `${piece[4] / 10}%`;
      out.append(extra);
    }
    return out;
  }
  function drawNode(node) {
    const gpus = node.drawn.gpus.map((gpu) => el('div', {class: 'gpu'}, gpu.map((piece) => drawPiece(node, node.index, piece))));
    const facts = [node.gpus === undefined ? 'GPUs unknown' : count(node.gpus, 'GPU'), node.slices, !node.drawn.slices && node.gpus !== undefined && 'drawn by shares, as slices cannot be told apart'];
    return el('div', {class: 'node', role: 'group', 'aria-label': `Node ${node.name}`},
      el('div', {class: 'about'}, opener(node, node.name), nodeMarks(node), codeList(node.codes), el('small', {}, facts.filter(Boolean).join(' · '))),
      el('div', {class: 'gpus'}, gpus.length ? gpus : el('p', {class: 'none'}, 'What its GPUs hold cannot be drawn: how many there are is not known.')));
  }
  function drawProduct([product, rows], room) {
    const place = el('div'), foot = el('div', {class: 'more'});
    const gpus = rows.reduce((sum, row) => sum + (row.gpus || 0), 0), hours = rows.reduce((sum, row) => sum + row.allHours, 0), held = rows.reduce((sum, row) => sum + row.held, 0);
    const about = drawing.products[rows[0].product] || {};
    const scale = about.memorySlices ? `one board is ${bytes(about.mib * 1048576)} in ${about.memorySlices} memory slices` + (about.computeSlices ? `, with ${about.computeSlices} compute slices` : '') : '';
    let at = 0;
    function more(nodes) {
      const first = place.childElementCount;
      place.append(...rows.slice(at, at + nodes).map(drawNode));
      at += nodes;
      foot.replaceChildren();
      if (at < rows.length) foot.append(el('button', {type: 'button', on: {click: () => {
        more(20);
        rove();
        place.children[first + nodes].querySelector('button').focus();
      }}}, `Show ${Math.min(20, rows.length - at)} more of ${count(rows.length - at, 'node')}`));
    }
    more(room);
    // Of more nodes than are drawn, each is a column: the whole of them at one look.
    const strip = rows.length <= room ? undefined : el('div', {class: 'strip', role: 'group', 'aria-label': `Nodes with ${product}`}, rows.slice(0, 2000).map((row) => {
      const parts = BUCKETS.filter((each) => row.hours[each] > 0).map((each) => el('i', {class: `b-${each}`, grow: row.hours[each]}));
      return el('button', {type: 'button', class: 'column', tabindex: '-1', 'data-node': row.index, 'aria-label': `Node ${row.name}: ${row.allHours ? `${percent(row.held, row.allHours)} held` : 'unknown'}${row.codes.length ? `, ${row.codes.join(', ')}` : ''}`}, parts);
    }));
    return el('details', {class: 'product', open: true}, el('summary', {}, el('h3', {}, product), el('span', {}, `${count(rows.length, 'node')}, ${count(gpus, 'GPU')}${hours ? `, ${percent(held, hours)} held` : ''}`),
                                                            el('small', {}, scale)), strip, place, foot);
  }
  function drawMap() {
    const products = new Map();
    const order = state.order === 'unused' ? (a, b) => b.unused - a.unused || compare(a.name, b.name) : (a, b) => compare(a.name, b.name);
    for (const node of [...shown.nodes].sort(order)) {
      if (!products.has(node.title)) products.set(node.title, []);
      products.get(node.title).push(node);
    }
    const groups = [...products].sort((a, b) => compare(a[0], b[0]));
    const room = shown.nodes.length <= 24 ? 24 : Math.max(4, Math.floor(32 / groups.length));
    const waiting = shown.workloads.filter((row) => row.waiting);
    waits.replaceChildren(...waiting.length === 0 ? [] : [el('span', {}, el('b', {}, 'Waiting for a node: '), waiting.slice(0, 6).map((row, at) => [at > 0 && ', ', opener(row, `${row.ns}/${row.name}`), ` (${count(row.waiting, 'pod')}, ${row.slice})`]), waiting.length > 6 && `, and ${count(waiting.length - 6, 'workload')} more`)]);
    map.replaceChildren(...groups.map((group) => drawProduct(group, room)));
    if (!groups.length) map.append(el('p', {class: 'none'}, nodes.length ? 'No node matches the filter.' : 'No node with GPUs was seen.'));
    rove();
  }
  const STOP = '.piece, .column';
  // One stop of the tab key in each node; arrows go on from there.
  function rove() {
    for (const group of map.querySelectorAll('.node, .strip')) {
      const first = group.querySelector(STOP);
      if (first && !group.querySelector('[tabindex="0"]:is(.piece, .column)')) first.tabIndex = 0;
    }
  }
  map.addEventListener('keydown', (event) => {
    const at = event.target.closest(STOP);
    const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, Home: 0, End: 0}[event.key];
    if (!at || step === undefined) return;
    event.preventDefault();
    const group = at.closest('.node, .strip'), all = [...group.querySelectorAll(STOP)];
    let next;
    if (event.key === 'Home' || event.key === 'End') next = all[event.key === 'Home' ? 0 : all.length - 1];
    else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') next = all[all.indexOf(at) + step];
    else {
      const every = [...map.querySelectorAll('.node, .strip')].filter((each) => each.querySelector(STOP) && each.getClientRects().length);
      const other = every[every.indexOf(group) + step];
      next = other && other.querySelector('[tabindex="0"]:is(.piece, .column)');
    }
    if (!next) return;
    if (next.closest('.node, .strip') === group) {
      at.tabIndex = -1;
      next.tabIndex = 0;
    }
    next.focus();
  });
  map.addEventListener('click', (event) => {
    const piece = event.target.closest(STOP);
    if (!piece) return;
    const row = piece.dataset.workload === undefined ? nodes[piece.dataset.node] : workloads[piece.dataset.workload];
    openDetail(row.key, row.index);
  });

  // What is under the pointer or has the focus.
  const hint = byId('hint');
  function showHint(piece) {
    const node = nodes[piece.dataset.node], row = piece.dataset.workload === undefined ? undefined : workloads[piece.dataset.workload];
    const lines = [el('b', {}, row ? `${row.ns}/${row.name}` : piece.getAttribute('aria-label').replace(/^.*: /, ''))];
    if (row) lines.push(el('span', {}, [row.kind, row.model].filter(Boolean).join(' · ')), chip(/s-(\w+)/.exec(piece.className)[1]),
                        el('span', {}, `${row.slice} · needs ${bytes(row.need)} of ${bytes(row.holds)}`), row.codes.length && el('span', {}, row.codes.join(', ')));
    if (piece.classList.contains('piece')) lines.push(el('span', {class: 'dim'}, `${piece.getAttribute('aria-label').split(' of ')[0]} on ${node.name}`));
    else lines.splice(0, 1, el('b', {}, node.name), el('span', {}, node.slices), el('span', {}, `${percent(node.held, node.allHours) || '?'} held`), node.codes.length && el('span', {}, node.codes.join(', ')));
    hint.replaceChildren(...lines.filter(Boolean));
    hint.hidden = false;
    const at = piece.getBoundingClientRect(), box = hint.getBoundingClientRect();
    hint.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
    hint.style.top = `${at.bottom + box.height + 12 > innerHeight ? Math.max(8, at.top - box.height - 6) : at.bottom + 6}px`;
  }
  const hideHint = () => { hint.hidden = true; };
  for (const event of ['pointerover', 'focusin']) map.addEventListener(event, (each) => {
    const piece = each.target.closest(STOP);
    if (piece && each.pointerType !== 'touch') showHint(piece);
    else hideHint();
  });
  for (const event of ['pointerleave', 'focusout']) map.addEventListener(event, hideHint);
  addEventListener('scroll', hideHint, {passive: true});

  // ---- one workload or node -------------------------------------------------------------------------------------------------------

  const dialog = byId('detail');
  const facts = (pairs) => el('dl', {class: 'facts'}, pairs.filter(([, value]) => value !== undefined && value !== '' && value !== false).map(([label, value]) => el('div', {}, el('dt', {}, label), el('dd', {}, value))));
  const code = (value) => el('code', {}, value);
  const MOST = 200;
  function grid(caption, heads, rows) {
    if (!rows.length) return undefined;
    return el('div', {class: 'scroll'}, el('table', {class: 'small'}, el('caption', {}, caption), el('thead', {}, el('tr', {}, heads.map((each) => el('th', {scope: 'col'}, each)))),
      el('tbody', {}, rows.slice(0, MOST).map((row) => el('tr', {}, row.map((each) => el('td', {}, each)))), rows.length > MOST && el('tr', {}, el('td', {colspan: heads.length}, `and ${rows.length - MOST} more`)))));
  }
  const part = (title, ...children) => {
    const inside = children.flat().filter(Boolean);
    return inside.length ? el('section', {}, el('h3', {}, title), inside) : undefined;
  };
  const raw = (title, value) => el('details', {}, el('summary', {}, title), el('pre', {tabindex: '0'}, JSON.stringify(value, null, 2)));
  const findingBlock = (each) => el('article', {class: 'finding'}, el('h4', {}, each.code, each.aspect && ` of ${each.aspect}`, el('small', {}, [each.confidence && `${each.confidence} confidence`, each.action && `as a policy: ${each.action}`, each.container && `container ${each.container}`, each.pod && `pod ${each.pod}`].filter(Boolean).join(' · '))),
    el('p', {}, each.message), each.remedy && el('p', {class: 'remedy'}, '→ ', each.remedy),
    each.evidence && grid('What it rests on', ['Value', '', 'From', 'At'], each.evidence.map((one) => [one.name, el('b', {}, one.value), one.source, one.at || scan.scan.takenAt])), each.path && el('p', {class: 'dim'}, 'Path ', code(each.path)));
  const paid = (cost) => cost && cost.total !== undefined && [el('p', {}, `${currency} ${amount(cost.total)} a month: `, BUCKETS.filter((each) => cost.buckets[each] > 0).map((each) => `${each} ${amount(cost.buckets[each])}`).join(', '),
    cost.millionTokens !== undefined && `; a million tokens cost ${currency} ${cost.millionTokens}`), bar(cost.buckets, cost.total)];

  function containerBlock(each) {
    const asked = each.requested, need = each.need, holds = asked && asked.usableBytes;
    const terms = need && need.terms || [];
    const whole = Math.max(holds || 0, need ? need.highBytes || need.bytes : 0) || 1;
    const stack = need && el('span', {class: 'stack', 'aria-hidden': 'true'}, terms.filter((term) => term.bytes > 0).map((term, at) => el('i', {class: `t${at % 6}`, grow: term.bytes, title: `${term.name} ${bytes(term.bytes)}`})));
    if (stack) stack.style.width = `${Math.min(100, 100 * need.bytes / whole).toFixed(1)}%`;
    const limit = stack && holds && el('span', {class: 'limit', 'aria-hidden': 'true'});
    if (limit) limit.style.left = `${(100 * holds / whole).toFixed(1)}%`;
    return part(`Container ${each.name}`, facts([
      ['Engine', each.engine], ['Model', each.model && code(each.model)],
      ['Asks for', asked && [code(asked.resource), asked.count !== 1 && ` × ${asked.count}`, holds !== undefined && ` which holds ${bytes(holds)}`]],
      ['On', asked && asked.gpus && asked.gpus.join(', ')],
      ['Needs', need ? `${bytes(need.bytes)}, at least ${bytes(need.minimumBytes)}, at most ${need.highBytes === undefined ? 'not known' : bytes(need.highBytes)}` : asked && 'not known'],
      ['By', need && `${need.source}, ${need.confidence} confidence`],
      ['Better', each.recommended && [code(each.recommended.resource), each.recommended.count && ` × ${each.recommended.count}`, each.recommended.usableBytes !== undefined && ` which holds ${bytes(each.recommended.usableBytes)}`,
        each.recommended.flags && `, with ${Object.entries(each.recommended.flags).map((pair) => pair.join(' ')).join(' ')}`]],
      ['Would do with', each.remedy && code(Object.entries(each.remedy.flags).map((pair) => pair.join(' ')).join(' '))],
    ]), stack && el('div', {class: 'stacked'}, stack, limit),
    grid('What the need is made of', ['Term', 'Bytes', 'From'], terms.map((term) => [term.name, [bytes(term.bytes), term.open && ' or more'], term.from])),
    each.settings && Object.keys(each.settings).length && grid('Settings as written', ['Setting', 'Value'], Object.entries(each.settings).map(([key, value]) => [key, String(value)])));
  }

  function measuredRows(it) {
    const show = (value, unit) => value === undefined ? '' : unit === 'bytes' ? bytes(value) : unit === '%' ? `${plainNumber.format(value)} %` : plainNumber.format(value);
    const clock = (at) => at ? at.replace(/^.*T|Z$/g, '') : '';
    return (it.measured || []).flatMap((of) => Object.entries(of.values).map(([name, each]) => [
      `${of.pod} ${of.container}`, name, each.insufficient ? el('i', {}, `insufficient data: ${each.insufficient}`) : el('b', {}, show(each.value, each.unit)),
      [each.peak !== undefined && `peak ${show(each.peak, each.unit)}`, each.perSecond !== undefined && `${plainNumber.format(each.perSecond)}/s`, each.capacity !== undefined && ` of ${bytes(each.capacity)}`],
      `${each.windowSeconds ? `${plainNumber.format(each.windowSeconds / 60)} min` : 'once'}, ${each.stepsSeen}/${each.steps} steps, to ${clock(each.at)}`, [each.metric, each.source && el('small', {}, each.source)], each.confidence]));
  }

  function workloadDetail(row) {
    const it = workloadAt(row.index), told = new Set(it.observed.map((each) => each.code));
    return [
      facts([['Verdict', [chip(row.verdict), ` ${VERDICTS[row.verdict][2]}`]], ['Slice', [row.slice, row.better && `, better ${row.better}`]], ['Needs of what it holds', row.need !== undefined && gauge(row.need, row.holds)],
             ['Ready', `${row.ready} of ${row.replicas === undefined ? 'an unknown number' : row.replicas}${row.waiting ? `, ${row.waiting} wait for a node` : ''}`],
             ['Scaling', it.scaling.state === 'scaled' ? `${it.scaling.by}, up to ${it.scaling.maxReplicas}` : it.scaling.state], ['Owner', row.owner], ['Read', it.byItsPods && 'by its pods alone'],
             ['Policies', it.policies.length ? `${it.policies.join(', ')}${it.mode ? `, in ${it.mode} mode` : ''}` : 'none'], ['Decision', [it.decision, it.wouldBe && `; enforced it would be ${it.wouldBe}`]]]),
      it.unknown.length > 0 && part('Unknown', el('ul', {class: 'warn'}, it.unknown.map((each) => el('li', {}, each)))),
      part('Money', paid(row.cost) || el('p', {class: 'dim'}, row.pods ? 'No price, or nothing held that is known.' : 'It holds nothing now.')),
      part('Findings', it.observed.map(findingBlock), it.findings.filter((each) => !told.has(each.code)).map(findingBlock)),
      it.containers.map(containerBlock),
      part('Measured', it.measured ? grid('By metrics', ['Pod, container', 'Measure', 'Value', 'Peak or rate', 'Window', 'Metric, from', 'Confidence'], measuredRows(it)) || el('p', {class: 'dim'}, 'Insufficient data: no series is of its pods.')
        : el('p', {class: 'dim'}, 'Unknown: no metrics were asked for.')),
      part('Pods', grid('Pods with GPUs', ['Pod', 'Node', 'Phase', 'Ready', 'Restarts', 'Image'], it.pods.map((each) => [each.name, each.node || each.unschedulable || 'not placed', each.phase + (each.deleting ? ', being deleted' : ''), each.ready ? 'yes' : 'no',
        each.containers.map((one) => `${one.restarts}${one.waiting ? ` ${one.waiting}` : ''}${one.ended ? ` (${one.ended.reason} ${one.ended.exitCode})` : ''}`).join(', '), each.containers.map((one) => one.image).join(', ')]))),
      it.patch.length > 0 && raw('Patch', it.patch), raw('All that is known, as JSON', it)];
  }
  function nodeDetail(row) {
    const it = nodeAt(row.index), price = (money.nodes || [])[row.index] || {};
    return [
      facts([['Product', row.title], ['GPUs', row.gpus === undefined ? 'not known' : row.gpus], ['Ready', it.ready ? 'yes' : 'no'], ['Cordoned', it.cordoned && 'yes'], ['Strategy', it.strategy], ['Configuration', it.config && `${it.config} (${it.configState || 'state not told'})`],
             ['Shared by', it.sharing], ['Pods to a GPU', it.shares], ['Taints', it.taints.join(', ')]]),
      part('Money', paid(price) || el('p', {class: 'dim'}, price.unpriced ? `No price: ${price.unpriced}` : 'Unknown.'), price.from && el('p', {class: 'dim'}, `${currency} ${price.gpuHour} for a GPU and hour: ${price.from}`), price.unknown && el('p', {class: 'warn'}, `Unknown: ${price.unknown}`)),
      part('Findings', it.findings.map(findingBlock)),
      part('Slices', grid('On offer', ['Resource', 'Profile', 'There', 'Offered', 'Asked for', 'Free', 'Running'], it.slices.map((each) => [each.resource, each.profile || '', each.capacity, each.offered, each.asked === undefined ? '?' : each.asked, each.free === undefined ? '?' : each.free, each.running]))),
      part('Held by', grid('Containers', ['Workload', 'Pod', 'Container', 'Slice', 'Running'], it.holds.map((each) => [`${each.namespace}/${each.name || ''}`, each.pod, each.container, `${each.profile || each.resource}${each.count === 1 ? '' : ` × ${each.count}`}`, each.running ? 'yes' : 'no']))),
      raw('Labels', it.labels), raw('All that is known, as JSON', it)];
  }

  function showDetail() {
    const [key, at] = state.open.split('#'), rows = key.startsWith('node/') && nodes.some((each) => each.key === key) ? nodes : workloads;
    const row = (rows[at] && rows[at].key === key && rows[at]) || rows.find((each) => each.key === key);
    if (!row) {
      if (dialog.open) dialog.close();
      return;
    }
    const close = el('button', {type: 'button', class: 'close', 'aria-label': 'Close', on: {click: () => dialog.close()}}, '×');
    dialog.replaceChildren(el('header', {}, el('h2', {id: 'detail-title', tabindex: '-1'}, row.name, el('small', {}, rows === nodes ? 'Node' : `${row.ns} · ${row.kind}`)), close),
                           el('div', {class: 'inside'}, (rows === nodes ? nodeDetail(row) : workloadDetail(row)).flat().filter(Boolean)));
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
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });

  // ---- filters --------------------------------------------------------------------------------------------------------------------

  const search = el('input', {type: 'search', id: 'q', placeholder: 'Filter by name, model, slice, node', 'aria-label': 'Filter by text', autocomplete: 'off', spellcheck: 'false'});
  const select = (key, label, options) => el('select', {'aria-label': label, 'data-key': key}, el('option', {value: ''}, label), options.map((each) => el('option', {value: each}, each)));
  const namespaces = [...new Set(workloads.map((row) => row.ns))].sort(compare);
  const numbers = new Map();
  for (const each of findings) numbers.set(each.code, (numbers.get(each.code) || 0) + 1);
  const spaces = select('ns', 'All namespaces', namespaces), codes = select('code', 'All findings', CODES.filter((each) => numbers.has(each)));
  for (const each of codes.options) if (each.value) each.textContent = text(`${each.value} (${numbers.get(each.value)})`);
  const tally = new Map();
  for (const row of workloads) tally.set(row.verdict, (tally.get(row.verdict) || 0) + 1);
  const toggles = RANK.filter((each) => tally.has(each)).map((each) => el('button', {type: 'button', class: 'toggle', 'data-verdict': each, 'aria-pressed': 'false', title: VERDICTS[each][2]}, chip(each), el('b', {}, plainNumber.format(tally.get(each)))));
  const clear = el('button', {type: 'button', class: 'clear', hidden: true}, 'Clear');
  const bars = el('details', {id: 'filters', open: true}, el('summary', {}, 'Filter'), el('div', {role: 'search', 'aria-label': 'Filter'}, search, spaces, codes, el('div', {class: 'toggles', role: 'group', 'aria-label': 'Verdict'}, toggles), clear));
  document.querySelector('nav').append(bars);

  const views = makeViews(byId('views'));
  const rowsText = (noun, all) => (rows) => rows.length === all ? count(all, noun) : `${plainNumber.format(rows.length)} of ${count(all, noun)}`;
  const tables = [
    makeTable(byId('workloads'), 'Workloads', 'w', workloadColumns, () => shown.workloads, (row) => openDetail(row.key, row.index), rowsText('workload', workloads.length)),
    makeTable(byId('findings'), 'Findings', 'f', findingColumns, () => shown.findings, (each) => openDetail(each.of.key, each.of.index), (rows) => `${rowsText('finding', findings.length)(rows)}: ${plainNumber.format(rows.filter((each) => each.list === 'observed' || each.kind === 'node').length)} of what runs, ${plainNumber.format(rows.filter((each) => each.list === 'findings' && each.kind === 'workload').length)} of manifests alone`),
    makeTable(byId('nodes'), 'Nodes', 'n', nodeColumns, () => shown.nodes, (row) => openDetail(row.key, row.index), rowsText('node', nodes.length)),
  ];
  const order = el('button', {type: 'button', class: 'toggle', on: {click: () => { state.order = state.order === 'unused' ? 'name' : 'unused'; writeFragment(); update(); }}}, 'Least used first');
  const drawn = new Set(drawing.nodes.flatMap((node) => node.gpus.flatMap((gpu) => gpu.flatMap((piece) => piece[4] > 0 ? [piece[1], 'extra'] : [piece[1]]))));
  const key = (state, label, ...inside) => el('li', {}, el('span', {class: `key s-${state}`, 'aria-hidden': 'true'}, inside), label);
  const keys = el('ul', {class: 'keys', 'aria-label': 'What the slices look like'}, RANK.filter((each) => drawn.has(each)).map((each) => key(each, VERDICTS[each][0])), drawn.has('extra') && key('oversized', 'beyond the need', el('i', {class: 'extra'})),
    Object.entries(FREE).filter(([each]) => drawn.has(each)).map(([each, label]) => key(each, label)));
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
    waiting = setTimeout(() => { state.q = search.value; writeFragment(); update(); }, 80);
  });
  for (const each of [spaces, codes]) each.addEventListener('change', () => { state[each.dataset.key] = each.value; writeFragment(); update(); });
  for (const each of toggles) each.addEventListener('click', () => {
    const verdicts = chosen(), which = each.dataset.verdict;
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
  addEventListener('popstate', () => { readFragment(); update(); if (views) views.fill(); showDetail(); });
  // Links within the page move the focus, and leave the state in the address alone.
  for (const link of document.querySelectorAll('a[href^="#"]')) link.addEventListener('click', (event) => {
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
    const pieces = byId('scan').textContent.split('\n').map((line) => {
      const begin = /^(\{"scan":|"\w+":)?/.exec(line)[0], rest = line.slice(begin.length);
      for (const value of [rest, rest.slice(0, -1)]) {
        try { return `${begin}${JSON.stringify(parse(value))}${rest.slice(value.length)}\n`; } catch { /* a bracket of a list, or an end too many */ }
      }
      return `${line}\n`;
    });
    const link = el('a', {href: URL.createObjectURL(new Blob(pieces, {type: 'application/json'})), download: 'rightslice-scan.json'});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  });

  function age() {
    const minutes = Math.floor((Date.now() - Date.parse(scan.scan.takenAt)) / 60000);
    if (!Number.isFinite(minutes) || minutes < 0) return;
    const days = Math.floor(minutes / 1440), hours = Math.floor(minutes / 60);
    byId('age').textContent = minutes < 1 ? ', just now' : `, ${days >= 2 ? count(days, 'day') : hours >= 2 ? count(hours, 'hour') : count(minutes, 'minute')} ago`;
    byId('age').className = hours >= 24 ? 'old' : '';
  }

  for (const id of ['gpus', 'workloads', 'findings', 'nodes']) byId(id).hidden = id === 'gpus' && !scan.nodes;
  if (!scan.nodes) byId('nodes').append(el('p', {class: 'none'}, 'Unknown: nodes could not be read.'));
  readFragment();
  update();
  if (views) views.fill();
  age();
  setInterval(age, 60000);
  if (matchMedia('(max-width: 760px)').matches && !shown.filtered) bars.open = false;
  if (state.open) showDetail();
  document.documentElement.dataset.ready = 'yes';
} catch (error) {
  const message = document.createElement('p');
  message.className = 'none';
  message.textContent = `This page could not be drawn (${error.message}). rightslice scan prints the same as text.`;
  document.getElementById('main').prepend(message);
  throw error;
}
