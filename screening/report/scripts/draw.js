// Structures come as paths, labels and atom positions; colours are put behind them here.
const SVG = "http://www.w3.org/2000/svg";
const ROOM = 11;

function svg(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// A structure that was not drawn is a sentence in its place.
function drawing(index, title, discs, missing) {
  if (index === null) return el("span", { class: "note" }, missing || "There is no drawing of it.");
  const [width, height, lines, fills, labels, atoms] = data.drawings[index];
  const [w, h] = [width + 2 * ROOM, height + 2 * ROOM];
  const root = svg("svg", { viewBox: `${-ROOM} ${-ROOM} ${w} ${h}`, width: w, height: h, class: "drawing", role: "img" });
  root.setAttribute("aria-label", title);
  for (const [atom, colour, opacity] of discs) {
    root.append(svg("circle", { cx: atoms[2 * atom], cy: atoms[2 * atom + 1], r: 9.5, fill: `rgb(var(--${colour}))`, "fill-opacity": opacity.toFixed(2) }));
  }
  root.append(svg("path", { d: lines, fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linejoin": "round", "stroke-linecap": "round" }));
  if (fills) root.append(svg("path", { d: fills, fill: "currentColor" }));
  for (const [x, y, size, text] of labels) {
    const label = svg("text", { x, y, "font-size": size });
    label.textContent = text;
    root.append(label);
  }
  return root;
}

// Contributions in hundredths of a nat as discs; `full` of them has the full colour. The strong
// stand out by a power above 1.
function contributions(values, full, power) {
  return values
    .map((value, atom) => [atom, value > 0 ? "raise" : "lower", Math.min(1, Math.abs(value) / (full || 1)) ** power * 0.8])
    .filter((disc) => disc[2] > 0.06);
}

// Atoms beyond the common part: what one of two neighbours has and the other has not.
function different(count, common, colour) {
  const shared = new Set(common);
  return [...Array(count).keys()].filter((atom) => !shared.has(atom)).map((atom) => [atom, colour, 0.4]);
}

function atomCount(index) {
  return index === null ? 0 : data.drawings[index][5].length / 2;
}

function beyond(hit, near) {
  return near ? different(atomCount(hit.drawing), near[2], "differs") : [];
}

// What each way of colouring puts behind a hit's atoms: [atom, colour, opacity].
const PAINTS = {
  atoms: (hit) => contributions(hit.atoms, Math.max(...hit.atoms.map(Math.abs), 0), 1.6),
  absolute: (hit) => contributions(hit.atoms, 100 * data.full, 1),
  alerts: (hit) => [...new Set(hit.alerts.flatMap((alert) => alert[2]))].map((atom) => [atom, "alert", 0.4]),
  active: (hit) => beyond(hit, hit.active),
  inactive: (hit) => beyond(hit, hit.inactive),
  none: () => [],
};

const SIGNS = [["raise", "raises the score"], ["lower", "lowers it"]];
const KEYS = {
  atoms: [...SIGNS, [null, "full colour: the strongest atom of each molecule; do not compare molecules by it"]],
  absolute: [...SIGNS, [null, `full colour: ${data.full} nats of log odds; one scale for all hits`]],
  alerts: [["alert", "atoms of a structural alert (PAINS, Brenk, NIH)"]],
  active: [["differs", "what the nearest known active has not"]],
  inactive: [["differs", "what the nearest known inactive has not"]],
  none: [],
};

// A hit with its colours; a ring goes around each atom that the substructure box asks for.
function structure(hit, paint) {
  const found = drawing(hit.drawing, `Structure of ${plain(hit.id)}`, PAINTS[paint](hit), hit.missing);
  const atoms = hit.drawing === null ? null : data.drawings[hit.drawing][5];
  for (const atom of (atoms && matchedAtoms(hit)) || []) {
    found.append(svg("circle", { cx: atoms[2 * atom], cy: atoms[2 * atom + 1], r: 10, class: "match" }));
  }
  return found;
}

// The known compound of an entry `active` or `inactive` of a hit: what the hit lacks is coloured.
function knownStructure(near) {
  const known = data.known[near[0]];
  const title = `Structure of ${plain(known.id)}; coloured: what differs`;
  return drawing(known.drawing, title, different(atomCount(known.drawing), near[3], "differs"));
}
