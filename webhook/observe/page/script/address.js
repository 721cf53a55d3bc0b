// What is filtered, sorted and open, kept in the fragment of the address: a link shows what its sender saw.
'use strict';

const DEFAULTS = {
  q: '',
  ns: '',
  code: '',
  verdict: '',
  order: nodes.length > 24 ? 'unused' : 'name',
  by: 'namespace',
  w: 'verdict',
  f: 'code',
  n: 'name',
  m: '-total',
  open: '',
};
const state = {...DEFAULTS};
function readFragment() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const key of Object.keys(DEFAULTS)) state[key] = given.has(key) ? given.get(key) : DEFAULTS[key];
  if (!Object.hasOwn(VIEWS, state.by)) state.by = DEFAULTS.by; // anybody can write an address
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
  return (
    (!state.ns || row.ns === state.ns) &&
    (!state.code || row.codes.includes(state.code)) &&
    (verdicts.size === 0 || verdicts.has(row.verdict)) &&
    words.every((word) => row.search.includes(word))
  );
}
const shown = {};
function filter() {
  const verdicts = chosen(),
    words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  shown.filtered = Boolean(state.q || state.ns || state.code || state.verdict);
  shown.workloads = workloads.filter((row) => matches(row, verdicts, words));
  shown.holders = new Set(shown.workloads.map((row) => row.index));
  // A node is shown for itself, or for what runs on it.
  const ofNode = (row) =>
    !state.ns &&
    verdicts.size === 0 &&
    (!state.code || row.codes.includes(state.code)) &&
    words.every((word) => row.search.includes(word));
  shown.own = new Set(nodes.filter(ofNode));
  shown.nodes = nodes.filter(
    (row) => !shown.filtered || shown.own.has(row) || [...row.holders].some((each) => shown.holders.has(each)),
  );
  shown.findings = findings.filter(
    (each) =>
      (each.kind === 'workload' ? shown.holders.has(each.of.index) : shown.own.has(each.of)) &&
      (!state.code || each.code === state.code),
  );
}
