// Puts the parts together: draws a screenful of what the form asks for, and more when asked.
const PAGE = 48;
const PRINTED = 300;
const list = document.getElementById("list");
const more = document.getElementById("more");
let shown = [];
let drawn = 0;
let body = null;

function show() {
  const now = formState();
  shown = shownHits(now);
  tellSubstructure();
  drawn = 0;
  showKey(now.paint);
  countFolded(now);
  if (now.view === "table") {
    body = el("tbody");
    const table = el("table", { class: "grid" }, tableHead(now), body);
    list.replaceChildren(el("div", { class: "grid-scroll", role: "region", tabindex: "0", "aria-label": "Table of hits" }, table));
  } else {
    body = el("div", { class: now.view });
    list.replaceChildren(body);
  }
  drawMore(PAGE);
  count();
}

function drawMore(amount) {
  const now = formState();
  const make = { gallery: tile, cards: card, table: tableRow }[now.view];
  const next = shown.slice(drawn, drawn + amount);
  body.append(...next.map((hit) => make(hit, now.paint)));
  drawn += next.length;
  more.hidden = drawn >= shown.length;
  more.textContent = `Show ${Math.min(PAGE, shown.length - drawn)} more (${drawn} of ${shown.length} shown)`;
  return next;
}

function count() {
  const whole = (n) => n.toLocaleString("en");
  document.getElementById("count").textContent = `${whole(shown.length)} of ${whole(data.hits.length)} hits, ${whole(selected.size)} selected`;
  for (const button of document.querySelectorAll("[data-save]")) button.disabled = toSave().length === 0;
}

let toSave = () => data.hits.filter((hit) => selected.has(hit.rank));

// What is drawn follows the marks without being drawn again.
function showMarks() {
  keepMarks();
  for (const node of document.querySelectorAll(".tile, .card, .grid tbody tr")) {
    const on = selected.has(Number(node.dataset.rank));
    node.classList.toggle("chosen", on);
    node.querySelector("input").checked = on;
  }
  for (const button of document.querySelectorAll("[data-star]")) {
    const on = starred.has(Number(button.dataset.star));
    button.setAttribute("aria-pressed", String(on));
    button.textContent = on ? "★" : "☆";
  }
  if (["selected", "starred", "noted"].includes(tools.elements.only.value)) show();
  count();
}

function sortBy(key) {
  const same = tools.elements.sort.value === key;
  tools.elements.down.checked = same && !tools.elements.down.checked;
  tools.elements.sort.value = key;
  show();
  list.querySelector(`[data-sort="${key}"]`).focus();
}

const SAVES = {
  csv: (hits) => save("selection.csv", "text/csv", csvOf(hits)),
  xlsx: (hits) => save("selection.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsxOf(hits)),
  sdf: (hits) => save("selection.sdf", "chemical/x-mdl-sdfile", sdfOf(hits)),
  smi: (hits) => save("selection.smi", "chemical/x-daylight-smiles", smilesOf(hits)),
};

function listen() {
  let waiting = 0;
  tools.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 60);
  });
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("reset", () => setTimeout(show));
  document.addEventListener("change", (event) => {
    const { rank, note: noted } = event.target.dataset;
    if (rank) select(Number(rank), event.target.checked);
    if (noted) note(Number(noted), event.target.value);
    if (rank || noted) showMarks();
  });
  document.addEventListener("click", (event) => {
    const about = event.target.closest("[data-open], [data-star], [data-sort], [data-save]")?.dataset;
    if (about?.open) openHit(Number(about.open));
    if (about?.star) { star(Number(about.star)); showMarks(); }
    if (about?.sort) sortBy(about.sort);
    if (about?.save) SAVES[about.save](toSave());
  });
  const on = (id, action) => document.getElementById(id)?.addEventListener("click", action);
  on("pick-plate", () => { data.hits.forEach((hit) => hit.pick && select(hit.rank, true)); showMarks(); });
  on("pick-shown", () => { shown.forEach((hit) => select(hit.rank, true)); showMarks(); });
  on("pick-none", () => { selected.clear(); showMarks(); });
  on("more", () => {
    const [first] = drawMore(PAGE);
    if (first) (list.querySelector(`[data-open="${first.rank}"]`) || list.querySelector(`input[data-rank="${first.rank}"]`)).focus();
  });
  on("show-plate", () => {
    tools.reset();
    tools.elements.only.value = "picked";
    tools.elements.sort.value = "pick";
  });
  window.addEventListener("beforeprint", () => drawMore(Math.max(0, PRINTED - drawn)));
}

recallMarks();
fillForm();
drawStrip();
show();
listen();
listenToFold();
listenToViewer();
listenToMap();
