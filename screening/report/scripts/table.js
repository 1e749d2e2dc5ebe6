// The hits as a table; a column's head sorts by it.
const COLUMNS = [
  { key: "rank", head: "rank", right: true, cell: (hit) => String(hit.rank) },
  { key: null, head: "structure", cell: (hit, paint) => structure(hit, paint) },
  { key: "id", head: "name", text: true, cell: (hit) => el("button", { type: "button", class: "link", "data-open": hit.rank }, plain(hit.id)) },
  { key: "score", head: "score", right: true, cell: (hit) => share(hit.score, 3) },
  { key: "std", head: "±", long: "how far the networks disagree", right: true, cell: (hit) => share(hit.std, 3) },
  ...(data.hits.some(isValued) ? [
    { key: "value", head: "value", long: "predicted value", right: true, cell: (hit) => valueText(hit) },
    { key: null, head: "interval", right: true, cell: endsText }] : []),
  ...(data.hits.some((hit) => isValued(hit) && hit.potency !== null) ? [
    { key: "potency", head: "p", long: "predicted value as −log10 of mol/L", right: true, cell: (hit) => number(hit.potency, 2) }] : []),
  { key: "tag", head: "tag", cell: (hit) => tagMark(hit) },
  { key: null, head: "tested", cell: (hit) => testedMark(hit) || "" },
  { key: "nearest", head: "similarity", long: "similarity to the assay", right: true, cell: (hit) => number(hit.nearest, 2) },
  { key: "nearActive", head: "nearest active", right: true, cell: (hit) => (hit.active ? number(hit.active[1], 2) : "") },
  { key: "nearInactive", head: "nearest inactive", right: true, cell: (hit) => (hit.inactive ? number(hit.inactive[1], 2) : "") },
  ...data.properties.map(([name, digits, long], i) => (
    { key: "prop" + i, head: name, long, right: true, cell: (hit) => number(hit.props[i], digits) })),
  { key: "alerts", head: "alerts", text: true, cell: (hit) => hit.alerts.map((alert) => alert[1].replaceAll("_", " ")).join(", ") },
  { key: "cluster", head: "cluster", right: true, cell: (hit) => String(hit.cluster) },
  { key: "pick", head: "pick", right: true, cell: (hit) => (hit.pick ? String(hit.pick) : "") },
  ...data.inputs.map((name, i) => ({ key: "input" + i, head: name, text: true, cell: (hit) => plain(hit.inputs[i]) })),
];

function tableHead(state) {
  const row = el("tr", {}, el("th", { scope: "col" }, "✓"));
  for (const column of COLUMNS) {
    const sorted = column.key && column.key === state.sort ? (largestFirst(column.key) === state.down ? "ascending" : "descending") : null;
    const arrow = sorted ? (sorted === "descending" ? " ↓" : " ↑") : "";
    const name = plain(column.head).slice(0, 60) + arrow;
    const inside = column.key ? el("button", { type: "button", class: "link", "data-sort": column.key, title: column.long }, name) : name;
    row.append(el("th", { scope: "col", class: column.right ? "right" : "", "aria-sort": sorted }, inside));
  }
  return el("thead", {}, row);
}

function tableRow(hit, paint) {
  const row = el("tr", { class: selected.has(hit.rank) ? "chosen" : "", "data-rank": hit.rank }, el("td", { class: "mark" }, selectBox(hit), starButton(hit)));
  for (const column of COLUMNS) {
    const cell = column.cell(hit, paint);
    const inside = column.text ? el("div", { class: "text", dir: "auto" }, cell) : cell;
    row.append(el("td", { class: column.right ? "right" : "" }, inside));
  }
  return row;
}
