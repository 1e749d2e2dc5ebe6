// Structures come as paths, labels and atom positions; colours are put behind them here.
const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function drawing(index, title, discs) {
  const [width, height, lines, fills, labels, atoms] = data.drawings[index];
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "drawing", role: "img" });
  root.setAttribute("aria-label", title);
  for (const [atom, colour, opacity] of discs) {
    root.append(svg("circle", { cx: atoms[2 * atom], cy: atoms[2 * atom + 1], r: 9.5, fill: `rgb(var(--${colour}))`, "fill-opacity": opacity }));
  }
  root.append(svg("path", { d: lines, fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linejoin": "round" }));
  if (fills) root.append(svg("path", { d: fills, fill: "currentColor" }));
  for (const [x, y, size, text] of labels) {
    const label = svg("text", { x, y, "font-size": size });
    label.textContent = text;
    root.append(label);
  }
  return root;
}

// What each way of colouring puts behind a hit's atoms: [atom, colour, opacity].
const PAINTS = {
  atoms: (hit) => hit.atoms
    .map((value, atom) => [atom, value > 0 ? "raise" : "lower", Math.min(1, Math.abs(value) / 100 / data.full) * 0.75])
    .filter((disc) => disc[2] > 0.02),
  alerts: (hit) => [...new Set(hit.alerts.flatMap((alert) => alert[2]))].map((atom) => [atom, "alert", 0.4]),
  active: (hit) => (hit.active ? hit.active[2].map((atom) => [atom, "shared", 0.35]) : []),
  inactive: (hit) => (hit.inactive ? hit.inactive[2].map((atom) => [atom, "shared", 0.35]) : []),
  none: () => [],
};

const KEYS = {
  atoms: [["raise", "raises the score"], ["lower", "lowers it"], [null, `full colour: ${data.full} nats of log odds; one scale for all hits`]],
  alerts: [["alert", "atoms of a structural alert (PAINS, Brenk, NIH)"]],
  active: [["shared", "substructures shared with the nearest known active"]],
  inactive: [["shared", "substructures shared with the nearest known inactive"]],
  none: [],
};

function structure(hit, paint) {
  return drawing(hit.drawing, `Structure of ${plain(hit.id)}`, PAINTS[paint](hit));
}
