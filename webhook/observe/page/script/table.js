// Tables that sort, and grow when they are asked to.
'use strict';

const FIRST = 50,
  MORE = 200;
function compare(a, b) {
  if (a === undefined || a === '') return b === undefined || b === '' ? 0 : 1; // what is not known stands last
  if (b === undefined || b === '') return -1;
  return typeof a === 'number' ? a - b : String(a).localeCompare(String(b), 'en', {numeric: true});
}
function sorted(rows, columns, sort) {
  const down = sort.startsWith('-'),
    column = columns.find((each) => each.id === sort.replace('-', '')) || columns[0];
  const keyed = rows.map((row) => [column.by(row), row]);
  const known = (key) => key !== undefined && key !== '';
  keyed.sort(([a], [b]) => (down && known(a) && known(b) ? compare(b, a) : compare(a, b)));
  return keyed.map(([, row]) => row);
}

// columns: {id, label, by(row), cell(row) -> children, n: a number, minor: not on a phone}
function makeTable(host, label, key, columns, rowsOf, open, noun) {
  const status = el('p', {class: 'count', role: 'status'}),
    body = el('tbody', {role: 'rowgroup'}),
    foot = el('div', {class: 'more'});
  const heads = columns.map((column) =>
    el(
      'th',
      {scope: 'col', role: 'columnheader', class: [column.n && 'n', column.minor && 'minor'].filter(Boolean).join(' ')},
      el(
        'button',
        {type: 'button', on: {click: () => sortBy(column)}},
        column.label,
        el('span', {class: 'arrow', 'aria-hidden': 'true'}),
      ),
    ),
  );
  // Roles are written out: on a phone rows are laid out as cards, and browsers then forget that they are rows.
  const table = el(
    'table',
    {class: `list list-${key}`, role: 'table'},
    el('caption', {class: 'hidden'}, label),
    el('thead', {role: 'rowgroup'}, el('tr', {role: 'row'}, heads)),
    body,
  );
  host.append(status, el('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label}, table), foot);
  let rows = [],
    limit = FIRST;
  function sortBy(column) {
    const now = state[key];
    state[key] =
      now === column.id
        ? `-${column.id}`
        : now === `-${column.id}`
          ? column.id
          : column.n
            ? `-${column.id}`
            : column.id;
    limit = FIRST;
    writeFragment();
    fill();
  }
  function line(row) {
    const cells = columns.map((column, at) =>
      el(
        at === 0 ? 'th' : 'td',
        {
          scope: at === 0 && 'row',
          role: at === 0 ? 'rowheader' : 'cell',
          'data-label': column.label,
          class: [column.n && 'n', column.minor && 'minor', `c-${column.id}`].filter(Boolean).join(' '),
        },
        column.cell(row),
      ),
    );
    return el(
      'tr',
      {
        role: 'row',
        on: open && {click: (event) => event.target.closest('a, button') || getSelection().toString() || open(row)},
      },
      cells,
    );
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
    foot.append(
      el(
        'button',
        {
          type: 'button',
          on: {
            click: () => {
              const from = limit;
              limit += MORE;
              body.append(...rows.slice(from, limit).map(line));
              rest();
              const first = body.rows[from].querySelector('button');
              if (first) first.focus();
            },
          },
        },
        `Show ${Math.min(MORE, left)} more of ${plainNumber.format(left)}`,
      ),
    );
  }
  return {
    fill: (again) => {
      if (!again) limit = FIRST;
      fill();
    },
  };
}
