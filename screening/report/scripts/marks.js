// What the reader marks: a selection, stars and notes. They stay in this browser, for this run.
const STORE = `ebmscreen ${data.run}`;
const selected = new Set();
const starred = new Set();
const notes = new Map();

// A rank is only a place; a hit is known by its row and structure, however often it is ranked again.
function lastingName(hit) {
  return `${hit.source}\n${hit.row}\n${hit.smiles}`;
}

function keepMarks() {
  const named = (ranks) => [...ranks].map((rank) => lastingName(hitOf.get(rank)));
  const kept = { selected: named(selected), starred: named(starred), notes: [...notes].map(([rank, text]) => [lastingName(hitOf.get(rank)), text]) };
  try {
    if (selected.size + starred.size + notes.size) localStorage.setItem(STORE, JSON.stringify(kept));
    else localStorage.removeItem(STORE);
  } catch {
    document.getElementById("forgetful").hidden = false;
  }
}

function recallMarks() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE) || "{}");
    const rank = new Map(data.hits.map((hit) => [lastingName(hit), hit.rank]));
    const there = (names) => (names || []).filter((name) => rank.has(name)).map((name) => rank.get(name));
    there(kept.selected).forEach((found) => selected.add(found));
    there(kept.starred).forEach((found) => starred.add(found));
    for (const [name, text] of kept.notes || []) if (rank.has(name)) notes.set(rank.get(name), String(text));
  } catch {
    document.getElementById("forgetful").hidden = false;
  }
}

function select(rank, on) {
  if (on) selected.add(rank);
  else selected.delete(rank);
}

function star(rank) {
  if (!starred.delete(rank)) starred.add(rank);
}

function note(rank, text) {
  if (text.trim()) notes.set(rank, text);
  else notes.delete(rank);
}

function selectBox(hit) {
  const box = el("input", { type: "checkbox", "aria-label": `Select ${plain(hit.id)}`, "data-rank": hit.rank });
  box.checked = selected.has(hit.rank);
  return box;
}

function starButton(hit) {
  const on = starred.has(hit.rank);
  return el("button", { type: "button", class: "star", "data-star": hit.rank, "aria-pressed": String(on), "aria-label": `Star ${plain(hit.id)}` }, on ? "★" : "☆");
}
