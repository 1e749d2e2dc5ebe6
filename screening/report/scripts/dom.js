// The data of the page, and elements built from it.
const data = JSON.parse(document.getElementById("data").textContent);
const hitOf = new Map(data.hits.map((hit) => [hit.rank, hit]));

// Elements are built one by one: text from the files only ever becomes text.
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const HIDDEN_SIGNS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]/g;

// Signs that turn or hide text are shown by their code, so that a name cannot pose as another.
function plain(text) {
  return String(text).replace(HIDDEN_SIGNS, (sign) =>
    /[\t\n\r]/.test(sign) ? " " : "‹U+" + sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "›");
}

function number(value, digits) {
  return value === null || value === undefined ? "" : Number(value).toFixed(digits).replace("-", "−");
}

// A predicted value in the unit of the assay, to three digits; numbers that are missing are not said.
function digits(value) {
  return String(Number(Number(value).toPrecision(3))).replace("-", "−");
}

function valueText(hit) {
  return `${digits(hit.value)}${hit.unit ? " " + plain(hit.unit) : ""}`;
}

function endsText(hit) {
  return hit.ends[0] === null || hit.ends[1] === null ? "" : `${digits(hit.ends[0])} to ${digits(hit.ends[1])}`;
}

const isValued = (hit) => hit.value !== null && hit.value !== undefined;

// A probability is never shown as certain because it was rounded.
function share(value, digits) {
  const least = 10 ** -digits;
  if (value < least / 2) return `< ${least.toFixed(digits)}`;
  return value >= 1 - least / 2 ? `> ${(1 - least).toFixed(digits)}` : number(value, digits);
}
