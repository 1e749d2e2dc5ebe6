// Which hits are shown, and in which order.
function sortValue(hit, key) {
  if (key.startsWith("prop")) return hit.props[Number(key.slice(4))];
  if (key.startsWith("input")) return comparable(hit.inputs[Number(key.slice(5))]);
  if (key === "nearActive") return hit.active ? hit.active[1] : -1;
  if (key === "nearInactive") return hit.inactive ? hit.inactive[1] : -1;
  if (key === "alerts") return hit.alerts.length;
  if (key === "inside") return hit.inside ? 0 : 1;
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

function matches(hit, state) {
  if (state.only === "picked" && !hit.pick) return false;
  if (state.only === "new" && (hit.tested || hit.twin)) return false;
  if (state.only === "selected" && !selected.has(hit.rank)) return false;
  if (state.low !== "" && hit.score < Number(state.low)) return false;
  if (state.domain && hit.inside !== (state.domain === "in")) return false;
  if (state.set && hit.set !== state.set) return false;
  if (state.alerts === "none" && hit.alerts.length) return false;
  if (state.alerts === "pains" && hit.alerts.some((alert) => alert[0] === "PAINS")) return false;
  if (state.cluster && hit.cluster !== Number(state.cluster)) return false;
  for (const [i, low, high] of state.windows) {
    if ((low !== "" && hit.props[i] < Number(low)) || (high !== "" && hit.props[i] > Number(high))) return false;
  }
  return !state.text || searchText(hit).includes(state.text.toLowerCase());
}

const searchable = new Map();
function searchText(hit) {
  if (!searchable.has(hit.rank)) {
    const parts = [hit.id, hit.smiles, hit.scaffold, hit.source, ...hit.inputs, ...hit.alerts.map((alert) => alert[1])];
    searchable.set(hit.rank, parts.join("\n").toLowerCase());
  }
  return searchable.get(hit.rank);
}

function shownHits(state) {
  const found = data.hits.filter((hit) => matches(hit, state));
  const sign = state.down ? -1 : 1;
  return found.sort((a, b) => sign * compare(sortValue(a, state.sort), sortValue(b, state.sort)) || a.rank - b.rank);
}
