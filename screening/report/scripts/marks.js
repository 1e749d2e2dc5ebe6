// What the reader marks: a selection, stars and notes. Where they are kept is another script's idea.
const selected = new Set();
const starred = new Set();
const notes = new Map();

// Marks as [rank, selected, starred, note], in place of those that are there.
function useMarks(marks) {
  for (const kept of [selected, starred, notes]) kept.clear();
  for (const [rank, chosen, star, text] of marks) {
    if (!hitOf.has(rank)) continue;
    if (chosen) selected.add(rank);
    if (star) starred.add(rank);
    if (text) notes.set(rank, String(text));
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
