// What `rightslice scan -o json` says (#scan), and how its GPUs are drawn (#drawing), as rows of tables.
'use strict';

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

const costs = new Map(); // of a workload's key, in the order of the results
for (const each of money.workloads || []) {
  if (each.held === false) continue;
  const key = `${each.namespace}/${each.kind}/${each.name}`;
  if (!costs.has(key)) costs.set(key, []);
  costs.get(key).push(each);
}

const shortModel = (model) => model.slice(model.lastIndexOf('/') + 1);
const sliceOf = (asked) =>
  (asked.profile || (asked.resource === 'nvidia.com/gpu' ? 'whole GPU' : asked.resource)) +
  (asked.count === 1 ? '' : ` × ${asked.count}`);
const codesOf = (observed, judged) => [
  ...new Set([...observed, ...judged.filter((each) => each.action !== 'allow')].map((each) => each.code)),
];
// What was measured speaks against a smaller slice: judging says Oversized, and nothing of the kind was found of what runs.
const contradicted = (it, container) => {
  const isOversized = (each) => each.code === 'Oversized' && each.action !== 'allow' && each.container === container;
  return it.findings.some(isOversized) && !it.observed.some(isOversized);
};
const standing = (it) => it.findings.filter((each) => each.code !== 'Oversized' || !contradicted(it, each.container));
const searchable = (...parts) => parts.flat().join(' ').toLowerCase();

function workloadRow(line, index) {
  const it = parse(line),
    asking = it.containers.filter((each) => each.requested);
  const row = {
    index,
    ns: it.namespace,
    kind: it.kind,
    name: it.name,
    key: `${it.namespace}/${it.kind}/${it.name}`,
    verdict: drawing.verdicts[index],
  };
  row.owner = it.owner ? `${it.owner.kind} ${it.owner.name}` : '';
  row.model = [...new Set(asking.map((each) => each.model || each.engine || '').filter(Boolean))].join(', ');
  row.slice = asking.map((each) => sliceOf(each.requested)).join(', ');
  row.better = asking
    .map((each) =>
      each.recommended && !contradicted(it, each.name)
        ? each.recommended.profile || `${each.recommended.resource} × ${each.recommended.count || 1}`
        : '',
    )
    .filter(Boolean)
    .join(', ');
  row.need = asking.length === 1 && asking[0].need ? asking[0].need.bytes : undefined;
  row.holds = asking.length === 1 ? asking[0].requested.usableBytes : undefined;
  row.pods = it.pods.length;
  row.ready = it.pods.filter((each) => each.ready).length;
  row.waiting = it.pods.filter((each) => !each.node).length;
  row.replicas = it.replicas;
  row.codes = codesOf(it.observed, standing(it));
  row.findings = it.observed.map((each, at) => ['observed', at, each.code, each.confidence]);
  const told = new Set(it.observed.map((each) => each.code));
  const stands = new Set(standing(it));
  it.findings.forEach((each, at) => {
    if (each.action !== 'allow' && stands.has(each) && !told.has(each.code))
      row.findings.push(['findings', at, each.code, '']);
  });
  row.cost = (costs.get(row.key) || []).shift();
  row.total = row.cost && row.cost.total;
  row.waste =
    row.cost && row.cost.buckets ? (row.cost.buckets.oversized || 0) + (row.cost.buckets.idle || 0) : undefined;
  row.search = searchable(row.key, row.owner, row.model, row.slice, row.codes);
  return row;
}

function nodeRow(line, index) {
  const it = parse(line),
    paid = (money.nodes || [])[index] || {},
    drawn = drawing.nodes[index] || {gpus: []};
  const row = {
    index,
    name: it.name,
    key: `node/${it.name}`,
    product: it.product || '',
    gpus: it.gpus,
    ready: it.ready,
    cordoned: it.cordoned,
    drawn,
  };
  row.title = (drawing.products[row.product] || {}).title || row.product || 'Product not known';
  row.slices = it.slices
    .map(
      (each) =>
        `${each.profile || (each.resource === 'nvidia.com/gpu' ? 'whole' : each.resource)} ${each.asked === undefined ? '?' : each.asked}/${each.offered}`,
    )
    .join(', ');
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
for (const [kind, rows] of [
  ['workload', workloads],
  ['node', nodes],
])
  for (const row of rows)
    for (const [list, at, code, confidence] of row.findings) findings.push({kind, of: row, list, at, code, confidence});
const CODES = [...new Set([...Object.keys(drawing.codes), ...findings.map((each) => each.code)])];
