// Which hits are shown, and in which order.
const isTested = (hit) => hit.tested || hit.skeleton;

// Each says whether a hit may be shown; a script that comes later may add its own.
const FILTERS = [
  (hit, state) => state.only !== "picked" || hit.pick,
  (hit, state) => state.only !== "selected" || selected.has(hit.rank),
  (hit, state) => state.only !== "starred" || starred.has(hit.rank),
  (hit, state) => state.only !== "noted" || notes.has(hit.rank),
  (hit, state) => !state.hideTested || !isTested(hit),
  (hit, state) => !state.hideRepeats || !hit.twin,
  (hit, state) => !state.tag || hit.tag === state.tag,
  (hit, state) => state.low === "" || hit.score >= Number(state.low),
  (hit, state) => state.high === "" || hit.score <= Number(state.high),
  (hit, state) => !state.cluster || hit.cluster === Number(state.cluster),
  (hit, state) => state.alerts !== "none" || !hit.alerts.length,
  (hit, state) => state.alerts !== "pains" || !hit.alerts.some((alert) => alert[0] === "PAINS"),
  (hit, state) => state.windows.every(([i, low, high]) =>
    (low === "" || hit.props[i] >= Number(low)) && (high === "" || hit.props[i] <= Number(high))),
  (hit, state) => !state.text || searchText(hit).includes(state.text.toLowerCase()),
];

const searchable = new Map();
function searchText(hit) {
  if (!searchable.has(hit.rank)) {
    const parts = [hit.id, hit.smiles, hit.scaffold, hit.source, ...hit.inputs, ...hit.alerts.map((alert) => alert[1])];
    searchable.set(hit.rank, parts.join("\n").toLowerCase());
  }
  return `${searchable.get(hit.rank)}\n${(notes.get(hit.rank) || "").toLowerCase()}`;
}

function sortValue(hit, key) {
  if (key.startsWith("prop")) return hit.props[Number(key.slice(4))];
  if (key.startsWith("input")) return comparable(hit.inputs[Number(key.slice(5))]);
  if (key === "nearActive") return hit.active ? hit.active[1] : -1;
  if (key === "nearInactive") return hit.inactive ? hit.inactive[1] : -1;
  if (key === "alerts") return hit.alerts.length;
  if (key === "tag") return data.tags.indexOf(hit.tag);
  if (key === "pick") return hit.pick || Infinity;
  return hit[key];
}

// Numbers in a text column sort as numbers, before words.
function comparable(text) {
  const value = text.trim() === "" ? NaN : Number(text);
  return Number.isNaN(value) ? text.toLowerCase() : value;
}

function compare(a, b) {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

// These begin with the best, which is the largest.
function largestFirst(key) {
  return (key === "score" && data.wanted !== "inactive") || ["nearest", "nearActive", "nearInactive"].includes(key)
    || (key === "potency" && data.rising === (data.wanted === "inactive")) || (key === "value" && data.rising === (data.wanted !== "inactive"));
}

// Already tested compounds are nothing to buy: they come last in every order.
function shownHits(state) {
  const sign = largestFirst(state.sort) === state.down ? 1 : -1;
  return data.hits.filter((hit) => FILTERS.every((allows) => allows(hit, state))).sort((a, b) =>
    isTested(a) - isTested(b) || sign * compare(sortValue(a, state.sort), sortValue(b, state.sort)) || a.rank - b.rank);
}
