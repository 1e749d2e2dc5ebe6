// The selection as text files: CSV, SMILES, SDF. A spreadsheet must not compute text that came from a library.
const FORMULA = /^[\s\u0000-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]*[=+\-@\t\r\n＝＋－＠]/;
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/;

// Names of the columns, and a row of values a hit.
function tableOf(hits) {
  const valued = hits.some(isValued), potent = hits.some((hit) => isValued(hit) && hit.potency !== null);
  const head = ["rank", "id", "smiles", "score", "score_std", ...(valued ? ["value", "value_low", "value_high"] : []), ...(potent ? ["potency"] : []), "tag", "starred", "note", "p_active", "p_inactive", "prediction_set", "in_domain",
    "novelty_percentile", "nearest_similarity", "in_training", "same_skeleton", "duplicate_of", "nearest_active", "active_similarity", "nearest_inactive", "inactive_similarity",
    ...data.properties.map((property) => property[3]), "alerts", "scaffold", "cluster", "pick", "pick_reason", "source", "row", ...data.inputs];
  const near = (found) => (found ? [data.known[found[0]].id, found[1]] : ["", ""]);
  const word = (truth) => (truth ? "yes" : "no");
  const rows = hits.map((hit) => [hit.rank, hit.id, hit.smiles, hit.score, hit.std,
    ...(valued ? [hit.value, ...hit.ends] : []), ...(potent ? [hit.potency] : []), hit.tag, word(starred.has(hit.rank)), notes.get(hit.rank) || "",
    hit.p[0], hit.p[1], hit.set, word(hit.inside), hit.novelty, hit.nearest, word(hit.tested), word(hit.skeleton), hit.twin, ...near(hit.active), ...near(hit.inactive),
    ...hit.props, hit.alerts.map((alert) => `${alert[0]}: ${alert[1]}`).join("; "),
    hit.scaffold, hit.cluster, hit.pick || "", hit.reason, hit.source, hit.row, ...hit.inputs]);
  return [head, rows];
}

function csvCell(value) {
  if (typeof value === "number") return String(value);
  let text = String(value ?? "");
  if (FORMULA.test(text) && !NUMBER.test(text)) text = "'" + text;
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

function csvOf(hits) {
  const [head, rows] = tableOf(hits);
  return "\ufeff" + [head, ...rows].map((row) => row.map(csvCell).join(",") + "\r\n").join("");
}

function smilesOf(hits) {
  return hits.map((hit) => `${hit.smiles.trim().split(/\s/)[0]}\t${hit.id.replace(/\s+/g, " ")}\n`).join("");
}

const oneLine = (value) => String(value ?? "").replace(/[\u0000-\u0008\u000e-\u001b\u007f]/g, "").split(/\s+/).filter(Boolean).join(" ");

// Columns of the library may have one name once signs that end an item's name are gone.
function itemNames(head) {
  const taken = new Set();
  return head.map((column) => {
    const name = oneLine(column.replaceAll("<", "(").replaceAll(">", ")")) || "column";
    let free = name;
    for (let i = 2; taken.has(free); i += 1) free = `${name}_${i}`;
    taken.add(free);
    return free;
  });
}

function sdfOf(hits) {
  const [head, rows] = tableOf(hits);
  const names = itemNames(head);
  // No text can end a record.
  const safe = (text) => (text.startsWith("$$$$") ? ` ${text}` : text);
  return hits.map((hit, i) => {
    const items = names.map((name, column) => `>  <${name}>\n${safe(oneLine(rows[i][column]))}\n\n`);
    return `${safe(oneLine(hit.id)).slice(0, 80)}\n${molBlock(hit)}${items.join("")}$$$$\n`;
  }).join("");
}

// The structure as it is drawn, in ångström; see the data's `connections`.
function molBlock(hit) {
  const [symbols, bonds, chiral, ...lines] = hit.connections.length ? hit.connections : ["", "", "0"];
  const atoms = symbols ? symbols.split(" ") : [];
  const pairs = bonds ? bonds.split(",") : [];
  const places = hit.drawing === null ? [] : data.drawings[hit.drawing][5];
  const three = (value) => String(value).padStart(3);
  const real = (pixels) => ((pixels * 1.5) / data.bond).toFixed(4).padStart(10);
  const fields = new Map(lines.filter((line) => /^\d/.test(line)).map((line) => [parseInt(line, 10), line.replace(/^\d+/, "")]));
  const atomLine = (symbol, i) => `${real(places[2 * i])}${real(-places[2 * i + 1])}${real(0)} ${symbol.padEnd(3)}${fields.get(i) || " 0" + three(0).repeat(11)}`;
  return ["  ebmscreen       2D", "", `${three(atoms.length)}${three(pairs.length)}  0  0${three(chiral)}  0  0  0  0  0999 V2000`,
    ...atoms.map(atomLine), ...pairs.map((pair) => pair.split(" ").map(three).join("")), ...lines.filter((line) => line.startsWith("M  ")), "M  END", ""].join("\n");
}

function save(name, type, content) {
  const link = el("a", { download: name, href: URL.createObjectURL(new Blob([content], { type })) });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
