// The map of GPUs: a group for each product, a row for each node, a bar for each GPU.
'use strict';

const map = byId('map'),
  waits = byId('waits');
const pieceText = (piece) => piece[2] || (piece[1] in FREE ? 'part of a GPU' : 'whole GPU');
function pieceLabel(node, piece) {
  const holder = piece.length > 3 ? workloads[piece[3]] : undefined;
  if (!holder) return `${pieceText(piece)} of ${node.name}: ${FREE[piece[1]]}`;
  return `${pieceText(piece)} of ${node.name}: ${holder.kind} ${holder.ns}/${holder.name}${holder.model ? `, ${holder.model}` : ''}; ${VERDICTS[piece[1]][0].toLowerCase()}`;
}
// What stands on it: of a small one that nobody holds nothing, as there is no room.
function pieceName(piece, holder, share) {
  if (holder) return holder.model ? shortModel(holder.model) : holder.name;
  if (share < 0.2) return '';
  return piece[2] ? `${piece[2]} ${FREE[piece[1]]}` : FREE[piece[1]];
}
function drawPiece(node, nodeAt, piece) {
  const holder = piece.length > 3 ? workloads[piece[3]] : undefined;
  const share = piece[0] / node.drawn.units;
  const label = pieceName(piece, holder, share);
  const out = el(
    'button',
    {
      type: 'button',
      tabindex: '-1',
      grow: piece[0],
      'aria-label': pieceLabel(node, piece),
      class: `piece s-${piece[1]}${holder && !shown.holders.has(holder.index) ? ' faint' : ''}`,
    },
    holder && share >= 0.2 && el('span', {class: 'mark', 'aria-hidden': 'true'}, VERDICTS[piece[1]][1]),
    el('span', {class: 'label'}, label),
  );
  out.dataset.node = nodeAt;
  if (holder) out.dataset.workload = holder.index;
  if (piece.length > 4 && piece[4] > 0) {
    // what of it is beyond the slice that would do
    const extra = el('i', {class: 'extra', 'aria-hidden': 'true'});
    extra.style.width = `${piece[4] / 10}%`;
    out.append(extra);
  }
  return out;
}
function drawNode(node) {
  const gpus = node.drawn.gpus.map((gpu) =>
    el(
      'div',
      {class: 'gpu'},
      gpu.map((piece) => drawPiece(node, node.index, piece)),
    ),
  );
  const facts = [
    node.gpus === undefined ? 'GPUs unknown' : count(node.gpus, 'GPU'),
    node.slices,
    !node.drawn.slices && node.gpus !== undefined && 'drawn by shares, as slices cannot be told apart',
  ];
  return el(
    'div',
    {class: 'node', role: 'group', 'aria-label': `Node ${node.name}`},
    el(
      'div',
      {class: 'about'},
      opener(node, node.name),
      nodeMarks(node),
      codeList(node.codes),
      el('small', {}, facts.filter(Boolean).join(' · ')),
    ),
    el(
      'div',
      {class: 'gpus'},
      gpus.length
        ? gpus
        : el('p', {class: 'none'}, 'What its GPUs hold cannot be drawn: how many there are is not known.'),
    ),
  );
}
function drawProduct([product, rows], room) {
  const place = el('div'),
    foot = el('div', {class: 'more'});
  const gpus = rows.reduce((sum, row) => sum + (row.gpus || 0), 0),
    hours = rows.reduce((sum, row) => sum + row.allHours, 0),
    held = rows.reduce((sum, row) => sum + row.held, 0);
  const about = drawing.products[rows[0].product] || {};
  const scale = about.memorySlices
    ? `one board is ${bytes(about.mib * 1048576)} in ${about.memorySlices} memory slices` +
      (about.computeSlices ? `, with ${about.computeSlices} compute slices` : '')
    : '';
  let at = 0;
  function more(nodes) {
    const first = place.childElementCount;
    place.append(...rows.slice(at, at + nodes).map(drawNode));
    at += nodes;
    foot.replaceChildren();
    if (at < rows.length)
      foot.append(
        el(
          'button',
          {
            type: 'button',
            on: {
              click: () => {
                more(20);
                rove();
                place.children[first + nodes].querySelector('button').focus();
              },
            },
          },
          `Show ${Math.min(20, rows.length - at)} more of ${count(rows.length - at, 'node')}`,
        ),
      );
  }
  more(room);
  // Of more nodes than are drawn, each is a column: the whole of them at one look.
  const strip =
    rows.length <= room
      ? undefined
      : el(
          'div',
          {class: 'strip', role: 'group', 'aria-label': `Nodes with ${product}`},
          rows.slice(0, 2000).map((row) => {
            const parts = BUCKETS.filter((each) => row.hours[each] > 0).map((each) =>
              el('i', {class: `b-${each}`, grow: row.hours[each]}),
            );
            return el(
              'button',
              {
                type: 'button',
                class: 'column',
                tabindex: '-1',
                'data-node': row.index,
                'aria-label': `Node ${row.name}: ${row.allHours ? `${percent(row.held, row.allHours)} held` : 'unknown'}${row.codes.length ? `, ${row.codes.join(', ')}` : ''}`,
              },
              parts,
            );
          }),
        );
  return el(
    'details',
    {class: 'product', open: true},
    el(
      'summary',
      {},
      el('h3', {}, product),
      el(
        'span',
        {},
        `${count(rows.length, 'node')}, ${count(gpus, 'GPU')}${hours ? `, ${percent(held, hours)} held` : ''}`,
      ),
      el('small', {}, scale),
    ),
    strip,
    place,
    foot,
  );
}
function drawMap() {
  const products = new Map();
  const order =
    state.order === 'unused'
      ? (a, b) => b.unused - a.unused || compare(a.name, b.name)
      : (a, b) => compare(a.name, b.name);
  for (const node of [...shown.nodes].sort(order)) {
    if (!products.has(node.title)) products.set(node.title, []);
    products.get(node.title).push(node);
  }
  const groups = [...products].sort((a, b) => compare(a[0], b[0]));
  const room = shown.nodes.length <= 24 ? 24 : Math.max(4, Math.floor(32 / groups.length));
  const waiting = shown.workloads.filter((row) => row.waiting);
  waits.replaceChildren(
    ...(waiting.length === 0
      ? []
      : [
          el(
            'span',
            {},
            el('b', {}, 'Waiting for a node: '),
            waiting
              .slice(0, 6)
              .map((row, at) => [
                at > 0 && ', ',
                opener(row, `${row.ns}/${row.name}`),
                ` (${count(row.waiting, 'pod')}, ${row.slice})`,
              ]),
            waiting.length > 6 && `, and ${count(waiting.length - 6, 'workload')} more`,
          ),
        ]),
  );
  map.replaceChildren(...groups.map((group) => drawProduct(group, room)));
  if (!groups.length)
    map.append(el('p', {class: 'none'}, nodes.length ? 'No node matches the filter.' : 'No node with GPUs was seen.'));
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
  const group = at.closest('.node, .strip'),
    all = [...group.querySelectorAll(STOP)];
  let next;
  if (event.key === 'Home' || event.key === 'End') next = all[event.key === 'Home' ? 0 : all.length - 1];
  else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') next = all[all.indexOf(at) + step];
  else {
    const every = [...map.querySelectorAll('.node, .strip')].filter(
      (each) => each.querySelector(STOP) && each.getClientRects().length,
    );
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
  const node = nodes[piece.dataset.node],
    row = piece.dataset.workload === undefined ? undefined : workloads[piece.dataset.workload];
  const lines = [el('b', {}, row ? `${row.ns}/${row.name}` : piece.getAttribute('aria-label').replace(/^.*: /, ''))];
  if (row)
    lines.push(
      el('span', {}, [row.kind, row.model].filter(Boolean).join(' · ')),
      chip(/s-(\w+)/.exec(piece.className)[1]),
      el('span', {}, `${row.slice} · needs ${bytes(row.need)} of ${bytes(row.holds)}`),
      row.codes.length && el('span', {}, row.codes.join(', ')),
    );
  if (piece.classList.contains('piece'))
    lines.push(el('span', {class: 'dim'}, `${piece.getAttribute('aria-label').split(' of ')[0]} on ${node.name}`));
  else
    lines.splice(
      0,
      1,
      el('b', {}, node.name),
      el('span', {}, node.slices),
      el('span', {}, `${percent(node.held, node.allHours) || '?'} held`),
      node.codes.length && el('span', {}, node.codes.join(', ')),
    );
  hint.replaceChildren(...lines.filter(Boolean));
  hint.hidden = false;
  const at = piece.getBoundingClientRect(),
    box = hint.getBoundingClientRect();
  hint.style.left = `${Math.max(8, Math.min(at.left, innerWidth - box.width - 8))}px`;
  hint.style.top = `${at.bottom + box.height + 12 > innerHeight ? Math.max(8, at.top - box.height - 6) : at.bottom + 6}px`;
}
const hideHint = () => {
  hint.hidden = true;
};
for (const event of ['pointerover', 'focusin'])
  map.addEventListener(event, (each) => {
    const piece = each.target.closest(STOP);
    if (piece && each.pointerType !== 'touch') showHint(piece);
    else hideHint();
  });
for (const event of ['pointerleave', 'focusout']) map.addEventListener(event, hideHint);
addEventListener(
  'scroll',
  () => {
    const at = document.activeElement.closest(STOP);
    if (at && !hint.hidden && at.matches(':focus-visible')) showHint(at);
    else hideHint();
  },
  {passive: true},
);
