// Hits as small tiles: structure, score, tag, similarity. A tile opens its card.
const STRIP = 10;
const WANTED = `likely ${data.wanted}`;
const TAG_CLASS = { [WANTED]: "good", "unlike anything tested": "warn" };

function tagMark(hit) {
  return el("span", { class: `tag ${TAG_CLASS[hit.tag] || "soft"}` }, hit.tag);
}

function testedMark(hit) {
  if (!isTested(hit)) return null;
  return el("span", { class: "tested" }, hit.tested ? "already tested" : "tested, other stereo");
}

// What a click or Enter opens; its text names it.
function opener(hit, paint) {
  return el("button", { type: "button", class: "open", "data-open": hit.rank },
    structure(hit, paint),
    el("span", { class: "name", dir: "auto" }, plain(hit.id)),
    el("span", { class: "figures" }, el("b", {}, share(hit.score, 2)), " ", tagMark(hit)),
    isValued(hit) ? el("span", { class: "near value", title: "predicted value" }, `${hit.unit ? "" : `${plain(data.task)} `}${valueText(hit)}${hit.potency === null ? "" : ` (p ${number(hit.potency, 2)})`}`) : null,
    el("span", { class: "near", title: "Tanimoto similarity to the nearest compound of the assay" }, `${number(hit.nearest, 2)} similar to the assay`));
}

function tile(hit, paint) {
  return el("article", { class: selected.has(hit.rank) ? "tile chosen" : "tile", "data-rank": hit.rank, "aria-label": plain(hit.id) },
    el("div", { class: "tile-top" }, el("span", { class: "rank" }, selectBox(hit), ` ${hit.rank}`), testedMark(hit), starButton(hit)),
    opener(hit, paint));
}

// The first of what is suggested, under the verdict.
function drawStrip() {
  const rest = (hit) => (hit.tag === WANTED ? 0 : 1);
  const best = data.hits.filter((hit) => hit.pick).sort((a, b) => rest(a) - rest(b) || a.pick - b.pick).slice(0, STRIP);
  document.getElementById("strip")?.replaceChildren(...best.map((hit) => el("li", {}, opener(hit, "none"))));
}
