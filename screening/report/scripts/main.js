// Puts the parts together: reads the form, draws a screenful, more as the reader goes on.
const PAGE = 24;
const PRINTED = 300;
const tools = document.getElementById("tools");
const list = document.getElementById("list");
let shown = [];
let drawn = 0;
let body = null;

function state() {
  const field = (name) => tools.elements[name].value;
  const windows = data.properties
    .map((_, i) => [i, field(`low${i}`), field(`high${i}`)])
    .filter(([, low, high]) => low !== "" || high !== "");
  return { view: field("view"), paint: field("paint"), sort: field("sort"), down: tools.elements.down.checked, text: field("text").trim(),
    low: field("low"), domain: field("domain"), set: field("set"), alerts: field("alerts"), cluster: field("cluster"), only: field("only"), windows };
}

function show() {
  const now = state();
  shown = shownHits(now);
  drawn = 0;
  key(now.paint);
  if (now.view === "cards") {
    body = el("div", { class: "cards" });
    list.replaceChildren(body);
  } else {
    body = el("tbody");
    const table = el("table", { class: "grid" }, tableHead(now), body);
    list.replaceChildren(el("div", { class: "grid-scroll", role: "region", tabindex: "0", "aria-label": "Table of hits" }, table));
  }
  drawMore(PAGE);
  count();
}

function drawMore(amount) {
  const now = state();
  const make = now.view === "cards" ? card : tableRow;
  const next = shown.slice(drawn, drawn + amount);
  body.append(...next.map((hit) => make(hit, now.paint)));
  drawn += next.length;
  const more = document.getElementById("more");
  more.hidden = drawn >= shown.length;
  more.textContent = `${drawn} of ${shown.length} drawn; the rest follows as you scroll.`;
}

function key(paint) {
  const entry = ([colour, text]) => {
    if (!colour) return el("span", {}, text);
    const swatch = el("span", { class: "swatch" });
    swatch.style.background = `rgb(var(--${colour}))`;
    return el("span", {}, swatch, text);
  };
  document.getElementById("key").replaceChildren(...KEYS[paint].map(entry));
}

function count() {
  document.getElementById("count").textContent =
    `${shown.length.toLocaleString("en")} of ${data.hits.length.toLocaleString("en")} hits shown, ${selected.size.toLocaleString("en")} selected`;
  for (const id of ["save-csv", "save-smiles"]) document.getElementById(id).disabled = selected.size === 0;
}

function select(rank, on) {
  if (on) selected.add(rank);
  else selected.delete(rank);
}

// What is drawn follows the selection without being drawn again.
function markSelection() {
  for (const node of list.querySelectorAll(".card, tbody tr")) {
    const on = selected.has(Number(node.dataset.rank));
    node.classList.toggle("chosen", on);
    node.querySelector("input").checked = on;
  }
  if (tools.elements.only.value === "selected") show();
  count();
}

function fillForm() {
  const options = COLUMNS.filter((column) => column.key).map((column) => el("option", { value: column.key }, plain(column.long || column.head).slice(0, 60)));
  tools.elements.sort.replaceChildren(...options);
  const sizes = new Map();
  for (const hit of data.hits) sizes.set(hit.cluster, (sizes.get(hit.cluster) || 0) + 1);
  const several = [...sizes].filter(([, size]) => size > 1).sort((a, b) => a[0] - b[0]);
  tools.elements.cluster.append(...several.map(([cluster, size]) => el("option", { value: cluster }, `${cluster} (${size} hits)`)));
  document.getElementById("windows").append(...data.properties.map(([name, , long], i) => {
    const field = (end) => el("input", { type: "number", step: "any", name: end + i, placeholder: end === "low" ? "from" : "to", "aria-label": `${long}, ${end === "low" ? "at least" : "at most"}` });
    return el("div", {}, el("span", {}, long || name), field("low"), field("high"));
  }));
}

function listen() {
  let waiting = 0;
  tools.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 60);
  });
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("reset", () => setTimeout(show));
  list.addEventListener("change", (event) => {
    if (event.target.dataset.rank) {
      select(Number(event.target.dataset.rank), event.target.checked);
      markSelection();
    }
  });
  list.addEventListener("click", (event) => {
    const sort = event.target.dataset.sort;
    if (!sort) return;
    const same = tools.elements.sort.value === sort;
    tools.elements.down.checked = same && !tools.elements.down.checked;
    tools.elements.sort.value = sort;
    show();
    list.querySelector(`[data-sort="${sort}"]`).focus();
  });
  const on = (id, action) => document.getElementById(id).addEventListener("click", action);
  on("pick-plate", () => { data.hits.forEach((hit) => hit.pick && select(hit.rank, true)); markSelection(); });
  on("pick-shown", () => { shown.forEach((hit) => select(hit.rank, true)); markSelection(); });
  on("pick-none", () => { selected.clear(); markSelection(); });
  document.getElementById("show-plate")?.addEventListener("click", () => {
    tools.reset();
    tools.elements.only.value = "picked";
    tools.elements.sort.value = "pick";
    setTimeout(show);
  });
  const chosen = () => data.hits.filter((hit) => selected.has(hit.rank));
  on("save-csv", () => save("selection.csv", "text/csv", "\ufeff" + csvOf(chosen())));
  on("save-smiles", () => save("selection.smi", "chemical/x-daylight-smiles", smilesOf(chosen())));
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting) && drawn < shown.length) drawMore(PAGE);
  }, { rootMargin: "900px" }).observe(document.getElementById("more"));
  list.addEventListener("scroll", (event) => {
    const box = event.target;
    if (box.scrollTop + 2 * box.clientHeight > box.scrollHeight && drawn < shown.length) drawMore(PAGE);
  }, true);
  window.addEventListener("beforeprint", () => {
    drawMore(Math.max(0, PRINTED - drawn));
    document.getElementById("more").textContent = `The first ${drawn} of ${shown.length} hits; filter or select to print others.`;
  });
}

fillForm();
show();
listen();
