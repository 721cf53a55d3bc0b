// The spend by namespace, model, product, workload and node.
'use strict';

const VIEWS = {
  namespace: ['Namespace', 'namespaces', 'namespace'],
  model: ['Model', 'models', 'model'],
  product: ['Product', 'products', 'product'],
  workload: ['Workload', 'workloads', 'name'],
  node: ['Node', 'nodes', 'node'],
};
function viewRows(view) {
  const [, list, label] = VIEWS[view];
  return (money[list] || []).map((each) => {
    const name =
      each.held === false
        ? 'held by none'
        : each[label] === undefined
          ? 'not known'
          : view === 'workload'
            ? `${each.namespace}/${each.name}`
            : each[label];
    return {
      name,
      special: each.held === false || each[label] === undefined,
      total: each.total,
      buckets: each.buckets || {},
      hours: each.gpuHours.total,
    };
  });
}
function makeViews(host) {
  if (money.total === undefined) return undefined;
  const usual = BUCKETS.filter((each) => each === 'right' || money.buckets[each] > 0);
  const tabs = el(
    'div',
    {class: 'tools', role: 'group', 'aria-label': 'Parts of the spend'},
    el('span', {}, 'The spend by'),
    Object.entries(VIEWS).map(([id, [label]]) =>
      el(
        'button',
        {
          type: 'button',
          class: 'toggle',
          'data-by': id,
          on: {
            click: () => {
              state.by = id;
              writeFragment();
              fill();
            },
          },
        },
        label.toLowerCase(),
      ),
    ),
  );
  const place = el('div');
  host.append(tabs, place);
  host.hidden = false;
  function fill() {
    for (const each of tabs.querySelectorAll('button'))
      each.setAttribute('aria-pressed', String(each.dataset.by === state.by));
    const rows = viewRows(state.by),
      most = Math.max(...rows.map((row) => row.total || 0), 0.01);
    const columns = [
      {
        id: 'name',
        label: VIEWS[state.by][0],
        by: (row) => row.name,
        cell: (row) => (row.special ? el('i', {}, row.name) : row.name),
      },
      {
        id: 'parts',
        label: 'Parts',
        minor: true,
        by: (row) => row.total,
        cell: (row) => (row.total ? bar(row.buckets, row.total, most) : ''),
      },
      {
        id: 'total',
        label: currency,
        n: true,
        by: (row) => row.total,
        cell: (row) => (row.total === undefined ? '?' : amount(row.total)),
      },
      ...usual.map((bucket) => ({
        id: bucket,
        label: bucket,
        n: true,
        minor: true,
        by: (row) => row.buckets[bucket],
        cell: (row) => (row.buckets[bucket] ? amount(row.buckets[bucket]) : el('span', {class: 'dim'}, '–')),
      })),
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
