// Marks are kept in this browser, for this run; until it has any, those of the run's folder are shown.
const STORE = `ebmscreen ${data.run}`;

// A rank is only a place; a hit is known by its row and structure, however often it is ranked again.
function lastingName(hit) {
  return `${hit.source}\n${hit.row}\n${hit.smiles}`;
}

function keepMarks() {
  const named = (ranks) => [...ranks].map((rank) => lastingName(hitOf.get(rank)));
  const kept = { selected: named(selected), starred: named(starred), notes: [...notes].map(([rank, text]) => [lastingName(hitOf.get(rank)), text]) };
  try {
    if (selected.size + starred.size + notes.size + data.marks.length) localStorage.setItem(STORE, JSON.stringify(kept));
    else localStorage.removeItem(STORE);
  } catch {
    document.getElementById("forgetful").hidden = false;
  }
}

function recallMarks() {
  try {
    useMarks(data.marks);
    const found = localStorage.getItem(STORE);
    if (!found) return;
    useMarks([]);
    const kept = JSON.parse(found);
    const rank = new Map(data.hits.map((hit) => [lastingName(hit), hit.rank]));
    const there = (names) => (names || []).filter((name) => rank.has(name)).map((name) => rank.get(name));
    there(kept.selected).forEach((found) => selected.add(found));
    there(kept.starred).forEach((found) => starred.add(found));
    for (const [name, text] of kept.notes || []) if (rank.has(name)) notes.set(rank.get(name), String(text));
  } catch {
    document.getElementById("forgetful").hidden = false;
  }
}
