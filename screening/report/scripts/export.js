// The selection as files. A spreadsheet must not compute text that came from a library.
const FORMULA = /^[\s\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*[=+\-@\t\r]/;
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

function csvCell(value) {
  if (typeof value === "number") return String(value);
  let text = String(value ?? "");
  if (FORMULA.test(text) && !NUMBER.test(text)) text = "'" + text;
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

function csvOf(hits) {
  const head = ["rank", "id", "smiles", "score", "score_std", "p_active", "p_inactive", "prediction_set", "in_domain",
    "novelty_percentile", "nearest_active", "active_similarity", "nearest_inactive", "inactive_similarity",
    ...data.properties.map((property) => property[3]), "alerts", "scaffold", "cluster", "pick", "pick_reason", "source", "row", ...data.inputs];
  const near = (found) => (found ? [data.known[found[0]].id, found[1]] : ["", ""]);
  const rows = hits.map((hit) => [hit.rank, hit.id, hit.smiles, hit.score, hit.std, hit.p[0], hit.p[1], hit.set, hit.inside ? "yes" : "no",
    hit.novelty, ...near(hit.active), ...near(hit.inactive), ...hit.props, hit.alerts.map((alert) => `${alert[0]}: ${alert[1]}`).join("; "),
    hit.scaffold, hit.cluster, hit.pick || "", hit.reason, hit.source, hit.row, ...hit.inputs]);
  return [head, ...rows].map((row) => row.map(csvCell).join(",") + "\r\n").join("");
}

function smilesOf(hits) {
  return hits.map((hit) => `${hit.smiles.trim().split(/\s/)[0]}\t${hit.id.replace(/\s+/g, " ")}\n`).join("");
}

function save(name, type, text) {
  const link = el("a", { download: name, href: URL.createObjectURL(new Blob([text], { type })) });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
