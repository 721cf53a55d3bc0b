// Texts of the cluster are hostile: they reach the document as text nodes and attributes only, by el() and text().
'use strict';

// Of several errors the first is the cause.
addEventListener(
  'error',
  (event) => {
    const message = document.createElement('p');
    message.className = 'none';
    message.textContent = `This page could not be drawn (${event.message}). rightslice scan prints the same as text.`;
    document.getElementById('main').prepend(message);
  },
  {once: true},
);

const byId = (id) => document.getElementById(id);
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
const amount = (value) => (value === undefined ? '' : twoDigits.format(value));
const count = (value, noun) => `${plainNumber.format(value)} ${noun}${value === 1 ? '' : 's'}`;
const percent = (part, all) => (all > 0 ? `${((100 * part) / all).toFixed(1)} %` : '');
function bytes(value) {
  if (value === undefined) return '?';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  for (; value >= 1024 && at < units.length - 1; ++at) value /= 1024;
  return `${plainNumber.format(value)} ${units[at]}`;
}

const VERDICTS = {
  limit: ['At its limit', '▲', 'too little memory, or close to it'],
  idle: ['Idle', '○', 'it does nothing'],
  oversized: ['Oversized', '◣', 'a smaller slice would do'],
  unknown: ['Unknown', '?', 'what it needs is not known'],
  right: ['Right', '✓', 'it needs what it holds'],
};
const RANK = Object.keys(VERDICTS);
const FREE = {dark: 'free', stranded: 'stranded', overhead: 'not handed out', unseen: 'cannot be seen'};
const BUCKETS = ['right', 'oversized', 'idle', 'unknown', 'dark', 'stranded', 'overhead'];
const chip = (verdict) =>
  el(
    'span',
    {class: `chip v-${verdict}`},
    el('span', {class: 'mark', 'aria-hidden': 'true'}, VERDICTS[verdict][1]),
    VERDICTS[verdict][0],
  );
