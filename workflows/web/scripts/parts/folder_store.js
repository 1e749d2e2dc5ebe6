// Marks are kept in the run's folder: only what changes here is sent, so two tabs lose nothing.
const bench = document.getElementById("bench").dataset;
let kept = new Map();
let unsent = [];
let sending = false;
let looking = false;

function markOf(rank) {
  return { selected: selected.has(rank), starred: starred.has(rank), note: notes.get(rank) || "" };
}

function allMarks() {
  return new Map([...new Set([...selected, ...starred, ...notes.keys()])].map((rank) => [rank, markOf(rank)]));
}

function recallMarks() {
  useMarks(data.marks);
  kept = allMarks();
}

function keepMarks() {
  const now = allMarks();
  const nothing = { selected: false, starred: false, note: "" };
  for (const rank of new Set([...kept.keys(), ...now.keys()])) {
    const before = kept.get(rank) || nothing, after = now.get(rank) || nothing;
    const change = Object.fromEntries(Object.entries(after).filter(([name, value]) => value !== before[name]));
    if (Object.keys(change).length) unsent.push([rank, change]);
  }
  kept = now;
  sendMarks();
}

async function sendMarks() {
  if (sending) return;
  if (!unsent.length) {
    if (looking) fetchMarks();
    return;
  }
  sending = true;
  const going = unsent;
  unsent = [];
  const said = document.getElementById("forgetful");
  try {
    const named = going.map(([rank, change]) => [hitOf.get(rank).source, hitOf.get(rank).row, change]);
    const answer = await fetch(bench.marks, { method: "POST", body: new URLSearchParams({ form_token: bench.token, changes: JSON.stringify(named) }) });
    if (!answer.ok) throw new Error((await answer.json()).error);
    said.hidden = true;
  } catch (error) {
    unsent = [...going, ...unsent];
    said.textContent = `Not kept: ${error instanceof TypeError ? "the server does not answer. It is sent with the next mark." : error.message}`;
    said.hidden = false;
    sending = false;
    return;
  }
  sending = false;
  sendMarks();
}

// What other tabs have marked meanwhile is shown when the reader comes back to this one.
async function fetchMarks() {
  looking = sending || unsent.length > 0;
  if (looking || document.activeElement?.dataset.note) return;
  const answer = await fetch(bench.marks).catch(() => null);
  const now = answer?.ok ? await answer.json() : null;
  looking = sending || unsent.length > 0;
  if (!now || looking) return;
  useMarks(now.marks);
  kept = allMarks();
  showMarks();
}
