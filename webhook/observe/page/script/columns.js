// The columns of workloads, nodes and findings.
'use strict';

const opener = (row, label) =>
  el('button', {type: 'button', class: 'link', on: {click: () => openDetail(row.key, row.index)}}, label);
const codeList = (codes) =>
  el(
    'span',
    {class: 'codelist'},
    codes.map((each) => el('span', {title: drawing.codes[each] || ''}, each)),
  );
// How much of what is held is needed.
function gauge(need, holds) {
  if (need === undefined || holds === undefined) return el('span', {class: 'dim'}, `${bytes(need)} of ${bytes(holds)}`);
  const over = need > holds,
    fill = el('i', {class: over ? 'over' : ''});
  fill.style.width = `${Math.min(100, (100 * need) / holds).toFixed(1)}%`;
  return el(
    'span',
    {class: 'gauge'},
    `${bytes(need)} of ${bytes(holds)}`,
    el('span', {class: 'track', 'aria-hidden': 'true'}, fill),
  );
}
const bar = (buckets, total, whole) => {
  const parts = BUCKETS.filter((each) => buckets[each] > 0).map((each) =>
    el('i', {class: `b-${each}`, grow: buckets[each], title: `${each} ${percent(buckets[each], total)}`}),
  );
  const out = el('span', {class: 'bar', 'aria-hidden': 'true'}, parts);
  out.style.width = `${((100 * total) / (whole || total)).toFixed(2)}%`;
  return out;
};

const codesColumn = {
  id: 'codes',
  label: 'Findings',
  minor: true,
  by: (row) => row.codes.length || undefined,
  cell: (row) => codeList(row.codes),
};

const workloadColumns = [
  {
    id: 'name',
    label: 'Workload',
    by: (row) => row.key,
    cell: (row) => [opener(row, row.name), el('small', {}, `${row.ns} · ${row.kind}`, row.owner && ` of ${row.owner}`)],
  },
  {
    id: 'verdict',
    label: 'Verdict',
    by: (row) => RANK.indexOf(row.verdict) - (row.total || 0) / 1e12,
    cell: (row) => chip(row.verdict),
  },
  {
    id: 'model',
    label: 'Model',
    minor: true,
    by: (row) => row.model,
    cell: (row) => row.model || el('span', {class: 'dim'}, 'unknown'),
  },
  {
    id: 'slice',
    label: 'Slice',
    by: (row) => row.slice,
    cell: (row) => [row.slice || '?', row.better && el('small', {}, `better ${row.better}`)],
  },
  {
    id: 'need',
    label: 'Needs of what it holds',
    minor: true,
    by: (row) => (row.need === undefined || !row.holds ? undefined : row.need / row.holds),
    cell: (row) => gauge(row.need, row.holds),
  },
  {
    id: 'ready',
    label: 'Ready',
    n: true,
    minor: true,
    by: (row) => row.ready,
    cell: (row) => `${row.ready}/${row.replicas === undefined ? '?' : row.replicas}`,
  },
  codesColumn,
  {
    id: 'cost',
    label: `${currency} a month`,
    n: true,
    by: (row) => row.total,
    cell: (row) => (row.total === undefined ? el('span', {class: 'dim'}, row.pods ? '?' : '–') : amount(row.total)),
  },
  {
    id: 'waste',
    label: 'Of it waste',
    n: true,
    minor: true,
    by: (row) => row.waste,
    cell: (row) =>
      row.waste === undefined ? '' : row.waste === 0 ? el('span', {class: 'dim'}, '0.00') : amount(row.waste),
  },
];
const nodeColumns = [
  {id: 'name', label: 'Node', by: (row) => row.name, cell: (row) => [opener(row, row.name), nodeMarks(row)]},
  {id: 'product', label: 'Product', by: (row) => row.title, cell: (row) => row.title},
  {id: 'gpus', label: 'GPUs', n: true, by: (row) => row.gpus, cell: (row) => (row.gpus === undefined ? '?' : row.gpus)},
  {
    id: 'slices',
    label: 'Slices, asked for of offered',
    minor: true,
    by: (row) => row.slices,
    cell: (row) => row.slices,
  },
  {
    id: 'held',
    label: 'Held',
    n: true,
    by: (row) => (row.allHours ? row.held / row.allHours : undefined),
    cell: (row) => (row.allHours ? percent(row.held, row.allHours) : '?'),
  },
  {
    id: 'use',
    label: 'GPU time',
    minor: true,
    by: (row) => (row.allHours ? row.unused / row.allHours : undefined),
    cell: (row) => (row.allHours ? bar(row.hours, row.allHours) : ''),
  },
  codesColumn,
  {
    id: 'cost',
    label: `${currency} a month`,
    n: true,
    by: (row) => row.total,
    cell: (row) => (row.total === undefined ? '?' : amount(row.total)),
  },
];
const told = (each) =>
  (each.kind === 'workload' ? workloadAt(each.of.index) : nodeAt(each.of.index))[each.list][each.at];
const findingColumns = [
  {
    id: 'code',
    label: 'Finding',
    by: (each) => CODES.indexOf(each.code),
    cell: (each) => el('b', {title: drawing.codes[each.code] || ''}, each.code),
  },
  {
    id: 'of',
    label: 'Of',
    by: (each) => each.of.key,
    cell: (each) => [
      opener(each.of, each.of.name),
      el('small', {}, each.kind === 'node' ? 'node' : `${each.of.ns} · ${each.of.kind}`),
    ],
  },
  {
    id: 'what',
    label: 'What, and what to do',
    by: (each) => CODES.indexOf(each.code),
    cell: (each) => {
      const it = told(each);
      return [
        each.list === 'findings' && it.container && `Container ${it.container}: `,
        it.message,
        it.remedy && el('small', {}, `→ ${it.remedy}`),
      ];
    },
  },
  {
    id: 'confidence',
    label: 'Confidence',
    minor: true,
    by: (each) => ['high', 'medium', 'low', ''].indexOf(each.confidence),
    cell: (each) => each.confidence || 'by its manifest',
  },
];
const nodeMarks = (row) =>
  el('small', {}, [!row.ready && 'not ready', row.cordoned && 'cordoned'].filter(Boolean).join(', '));
