// The page on which a structure is drawn: the score first, its card after a pause.
const WAIT = 40;
const PAUSE = 400;
const bench = document.getElementById("bench").dataset;
const at = (id) => document.getElementById(id);
const matchedAtoms = () => null;
const textBox = at("text");
const tried = [];
let editor = null;
let turn = 0;
let waiting = 0;
let pausing = 0;
let began = 0;
let running = null;
let now = null;
let before = null;

async function post(address, fields, signal) {
  const body = new URLSearchParams({ form_token: bench.token, model: bench.model, task: bench.task, ...fields });
  const answer = await fetch(address, { method: "POST", body, signal });
  const said = await answer.json().catch(() => ({ error: "The server cannot take that." }));
  if (!answer.ok) throw new Error(said.error);
  return said;
}

// Every change makes what was asked before it void.
function changed() {
  began = performance.now();
  turn += 1;
  running?.abort();
  clearTimeout(waiting);
  clearTimeout(pausing);
  waiting = setTimeout(ask, WAIT, turn);
}

async function ask(mine) {
  const text = textBox.value.trim();
  if (!text) return showNothing();
  running = new AbortController();
  const { signal } = running;
  try {
    const number = await post("/draw/number", { text }, signal);
    if (mine !== turn) return undefined;
    showNumber(number, text);
    pausing = setTimeout(askCard, PAUSE, mine, number, signal);
  } catch (error) {
    if (mine === turn && error.name !== "AbortError") showProblem(error);
  }
  return undefined;
}

async function askCard(mine, number, signal) {
  try {
    const found = await post("/draw/card", { text: number.smiles }, signal);
    if (mine === turn) showCard(found);
  } catch (error) {
    if (mine === turn && error.name !== "AbortError") showProblem(error);
  }
}

function showProblem(error) {
  at("problem").textContent = plain(error instanceof TypeError ? "The server does not answer." : error.message).slice(0, 300);
  at("score").classList.add("stale");
  at("card").classList.add("stale");
}

function showNothing() {
  at("problem").textContent = "";
  at("value").textContent = "–";
  for (const id of ["spread", "tag", "change", "scale", "predicted"]) at(id).replaceChildren();
  at("meaning").textContent = "Draw, or paste a SMILES: each change is scored at once.";
  at("card").hidden = true;
}

function signed(value, digits) {
  const text = number(Math.abs(value), digits);
  return Number(text) === 0 ? `±${text}` : (value > 0 ? "+" : "−") + text;
}

function showNumber(found, text) {
  if (now && now.structure !== found.structure) before = now;
  if (!now || now.structure !== found.structure) now = { ...found, props: null };
  at("problem").textContent = "";
  for (const id of ["score", "card"]) at(id).classList.remove("stale");
  at("value").textContent = share(found.score, 2);
  at("spread").textContent = `± ${share(found.std, 2)}`;
  at("spread").title = "how far the networks disagree: one standard deviation";
  at("tag").replaceChildren(tagMark(found));
  const parts = found.smiles.includes(".") && !found.structure.includes(".");
  at("meaning").textContent = found.meaning + (parts ? " Of several parts, only the largest is scored." : "");
  at("change").textContent = before ? `${signed(found.score - before.score, 2)} against the structure before (${share(before.score, 2)})` : "";
  at("scale").replaceChildren(scale(found));
  at("predicted").replaceChildren(...[valueLine(found)].filter(Boolean).flatMap((line) => [...line.childNodes]));
  // A name has become a structure.
  if (found.smiles !== text) {
    textBox.value = found.smiles;
    editor?.put(found.smiles);
  }
  at("carried").value = found.smiles;
  requestAnimationFrame(() => { at("score").dataset.milliseconds = Math.round(performance.now() - began); });
}

// From 0 to 1: the score, and one standard deviation of the networks to both sides.
function scale({ score, std }) {
  const root = svg("svg", { viewBox: "0 0 320 30", class: "scale", role: "img", "aria-label": `${share(score, 2)}, between 0 and 1` });
  const x = (value) => 10 + 300 * Math.min(1, Math.max(0, value));
  root.append(svg("line", { x1: 10, x2: 310, y1: 8, y2: 8, class: "track" }));
  root.append(svg("line", { x1: x(score - std), x2: x(score + std), y1: 8, y2: 8, class: "band" }));
  if (before) root.append(svg("line", { x1: x(before.score), x2: x(before.score), y1: 2, y2: 14, class: "was" }));
  root.append(svg("circle", { cx: x(score), cy: 8, r: 6, class: "is" }));
  for (const [value, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    const label = svg("text", { x: x(value) + (value - 0.5) * 12, y: 28, "text-anchor": anchor });
    label.textContent = value;
    root.append(label);
  }
  return root;
}

// Drawings of all cards of this page are in one list; each card says where its own begin.
function taken(found) {
  const first = data.drawings.length, known = data.known.length;
  data.drawings.push(...found.drawings);
  const moved = (place) => (place === null ? null : place + first);
  data.known.push(...found.known.map((one) => ({ ...one, drawing: moved(one.drawing) })));
  const near = (one) => one && [one[0] + known, ...one.slice(1)];
  return { ...found.hit, drawing: moved(found.hit.drawing), active: near(found.hit.active), inactive: near(found.hit.inactive) };
}

function showCard(found) {
  const again = tried.find((hit) => hit.structure === found.structure);
  const hit = again || taken(found);
  now.props = hit.props;
  if (!again) {
    hit.rank = tried.length + 1;
    hit.id = `drawn-${hit.rank}`;
    hit.source = "drawn";
    tried.push(hit);
    showTried();
  }
  shownHit = hit;
  at("card").hidden = false;
  paintIt();
  const facts = at("facts");
  // The tag itself stands beside the score.
  const further = tags(hit);
  further.firstChild.remove();
  facts.replaceChildren(domainLine(hit), further);
  const alerts = alertsLine(hit);
  facts.append(alerts || el("p", { class: "note" }, "No structural alert (PAINS, Brenk, NIH)."));
  facts.append(changesOf(propertyList(hit), hit), el("div", { class: "known" }, neighbour(hit.active, "active"), neighbour(hit.inactive, "inactive")));
  if (hit.missing) facts.append(el("p", { class: "note" }, hit.missing));
}

let shownHit = null;
function paintIt() {
  if (!shownHit) return;
  const paint = at("paint").value;
  at("picture").replaceChildren(structure(shownHit, paint));
  at("key").replaceChildren(...KEYS[paint].map(([colour, text]) => {
    const swatch = colour && el("span", { class: "swatch" });
    if (swatch) swatch.style.background = `rgb(var(--${colour}))`;
    return el("span", {}, swatch, text);
  }));
}

function domainLine(hit) {
  const why = hit.inside ? `It lies within the domain of the model: the nearest known compound is ${number(hit.nearest, 2)} similar.` : `Outside the domain of the model: ${hit.why}.`;
  return el("p", { class: hit.inside ? "note" : "alerts" }, why);
}

// Under each property, how it differs from that of the structure before.
function changesOf(list, hit) {
  if (!before?.props) return list;
  [...list.children].forEach((entry, i) => {
    if (hit.props[i] === null || before.props[i] === null) return;
    const change = signed(hit.props[i] - before.props[i], data.properties[i][1]);
    entry.append(el("dd", { class: "differs", title: "against the structure before" }, /^±/.test(change) ? " " : change));
  });
  return list;
}

function showTried() {
  at("tried-saves").hidden = false;
  at("tried").replaceChildren(...tried.toReversed().map((hit) => {
    const open = el("button", { type: "button", class: "open", "aria-label": `Draw ${hit.smiles} again` }, structure(hit, "none"),
      el("span", { class: "figures" }, el("b", {}, share(hit.score, 2)), " ", tagMark(hit)));
    open.addEventListener("click", () => { put(hit.smiles); textBox.scrollIntoView({ block: "nearest" }); });
    const keep = el("button", { type: "button", class: "link keep" }, "Keep");
    keep.addEventListener("click", () => keepIt(hit.smiles));
    return el("li", { class: "tile" }, open, keep);
  }));
}

function put(smiles) {
  textBox.value = smiles;
  editor?.put(smiles);
  changed();
}

async function keepIt(smiles) {
  try {
    showKept((await post("/draw/keep", { text: smiles })).kept);
  } catch (error) {
    showProblem(error);
  }
}

function showKept(rows) {
  at("kept-files").hidden = !rows.length;
  if (!rows.length) return at("kept").replaceChildren(el("caption", {}, "Nothing is kept yet."));
  const head = el("tr", {}, ...["name", "structure", "score", "tag", "task", "model", ""].map((name) => el("th", { scope: "col" }, name)));
  const body = rows.toReversed().map((row) => {
    const open = el("button", { type: "button", class: "link code text" }, plain(row.smiles));
    open.addEventListener("click", () => put(row.smiles));
    const drop = el("button", { type: "button", "aria-label": `Remove ${plain(row.id)}` }, "Remove");
    drop.addEventListener("click", async () => {
      try {
        showKept((await post("/draw/forget", { name: row.id, smiles: row.smiles })).kept);
      } catch (error) {
        showProblem(error);
      }
    });
    const score = Number(row.score);
    return el("tr", {}, el("th", { scope: "row", class: "text", dir: "auto" }, plain(row.id)), el("td", {}, open),
      el("td", { class: "right" }, Number.isFinite(score) ? share(score, 2) : plain(row.score)), el("td", {}, plain(row.tag)), el("td", { class: "text" }, plain(row.task)), el("td", { class: "text" }, plain(row.model)), el("td", {}, drop));
  });
  return at("kept").replaceChildren(el("thead", {}, head), el("tbody", {}, ...body));
}

const SAVE_TRIED = {
  csv: (hits) => save("tried.csv", "text/csv", csvOf(hits)),
  xlsx: (hits) => save("tried.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsxOf(hits)),
  sdf: (hits) => save("tried.sdf", "chemical/x-mdl-sdfile", sdfOf(hits)),
  smi: (hits) => save("tried.smi", "chemical/x-daylight-smiles", smilesOf(hits)),
};

textBox.addEventListener("input", () => { editor?.put(textBox.value.trim()); changed(); });
at("paint").addEventListener("change", paintIt);
at("keep").addEventListener("click", () => shownHit && keepIt(shownHit.smiles));
document.querySelector(".model-form").addEventListener("change", (event) => event.currentTarget.requestSubmit());
for (const button of document.querySelectorAll("[data-tried]")) button.addEventListener("click", () => SAVE_TRIED[button.dataset.tried](tried));
showKept(JSON.parse(at("kept-data").textContent));
if (textBox.value) changed();
import("./editor.js").then(({ Editor }) => {
  editor = new Editor(at("canvas"), () => { textBox.value = editor.smiles; changed(); });
  if (textBox.value) editor.put(textBox.value.trim());
  at("canvas").dataset.ready = "yes";
});
