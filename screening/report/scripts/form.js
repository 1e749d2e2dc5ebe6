// The form over the hits: what it offers, and what it says now.
const tools = document.getElementById("tools");

function formState() {
  const field = (name) => tools.elements[name].value;
  const ticked = (name) => tools.elements[name].checked;
  const windows = data.properties
    .map((_, i) => [i, field(`low${i}`), field(`high${i}`)])
    .filter(([, low, high]) => low !== "" || high !== "");
  return { view: field("view"), paint: field("paint"), sort: field("sort"), down: ticked("down"), text: field("text").trim(),
    low: field("low"), high: field("high"), tag: field("tag"), alerts: field("alerts"), cluster: field("cluster"), only: field("only"),
    hideTested: ticked("hideTested"), hideRepeats: ticked("hideRepeats"), windows };
}

function fillForm() {
  const option = (value, text) => el("option", { value }, plain(text).slice(0, 60));
  tools.elements.sort.replaceChildren(...COLUMNS.filter((column) => column.key).map((column) => option(column.key, column.long || column.head)));
  tools.elements.tag.append(...data.tags.map((tag) => option(tag, `${tag} (${data.hits.filter((hit) => hit.tag === tag).length})`)));
  const sizes = new Map();
  for (const hit of data.hits) sizes.set(hit.cluster, (sizes.get(hit.cluster) || 0) + 1);
  const several = [...sizes].filter(([, size]) => size > 1).sort((a, b) => a[0] - b[0]);
  tools.elements.cluster.append(...several.map(([cluster, size]) => option(cluster, `${cluster} (${size} hits)`)));
  const known = data.hits.filter(isTested).length;
  document.getElementById("n-tested").textContent = known;
  tools.elements.hideTested.disabled = !known;
  document.getElementById("windows").append(...data.properties.map(([name, , long], i) => {
    const field = (end) => el("input", { type: "number", step: "any", name: end + i, placeholder: end === "low" ? "from" : "to", "aria-label": `${long}, ${end === "low" ? "at least" : "at most"}` });
    return el("div", {}, el("span", {}, long || name), field("low"), field("high"));
  }));
}

// Says how many settings hide something behind the fold.
function countFolded(state) {
  const folded = [state.low, state.high, state.alerts, state.cluster, state.hideRepeats, ...state.windows].filter(Boolean).length;
  document.getElementById("folded").textContent = folded ? ` (${folded})` : "";
}

function showKey(paint) {
  const entry = ([colour, text]) => {
    if (!colour) return el("span", {}, text);
    const swatch = el("span", { class: "swatch" });
    swatch.style.background = `rgb(var(--${colour}))`;
    return el("span", {}, swatch, text);
  };
  document.getElementById("key").replaceChildren(...KEYS[paint].map(entry));
}

// What is folded out lies over the hits: it goes when the reader turns to anything else.
function listenToFold() {
  const fold = tools.querySelector(".fold");
  document.addEventListener("click", (event) => { if (!fold.contains(event.target)) fold.open = false; });
  fold.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    fold.open = false;
    fold.querySelector("summary").focus();
  });
}
