// The threshold follows the line, and the line the threshold; the server tells what it makes.

const form = document.getElementById("assay");
const chart = document.getElementById("histogram");
const line = document.getElementById("line");
const counts = document.getElementById("counts");
const field = form.elements.threshold;

// One question at a time: while the line is dragged, only where it is at last is asked for.
let asking = false;
let again = false;

// Another column is another page.
document.getElementById("columns").addEventListener("change", () => {
  form.requestSubmit(document.getElementById("look"));
});

if (chart) follow();
if (counts) ask();

function follow() {
  const low = Number(chart.dataset.low);
  const high = Number(chart.dataset.high);
  const logarithmic = chart.dataset.log === "1";

  const placeOf = (value) => (logarithmic ? Math.log10(value) : value);
  const numberOf = (text) => Number(text.trim().replace(",", "."));

  function toField() {
    const place = low + ((high - low) * line.value) / line.max;
    field.value = String(Number((logarithmic ? 10 ** place : place).toPrecision(3)));
  }

  function toLine() {
    const share = (placeOf(numberOf(field.value)) - low) / (high - low);
    if (Number.isFinite(share)) line.value = Math.round(line.max * share);
  }

  function colour() {
    const place = placeOf(numberOf(field.value));
    const above = form.elements.side.value === "above";
    for (const bar of chart.querySelectorAll("g[data-place]")) {
      const active = above ? bar.dataset.place > place : bar.dataset.place < place;
      bar.classList.toggle("active", active);
    }
    const unit = form.querySelector(".threshold").lastChild.textContent.trim();
    line.setAttribute("aria-valuetext", `active ${form.elements.side.value} ${field.value} ${unit}`);
  }

  line.addEventListener("input", () => {
    toField();
    colour();
    ask();
  });
  for (const input of [field, form.elements.side]) {
    input.addEventListener("input", () => {
      toLine();
      colour();
      ask();
    });
  }
  toLine();
  colour();
}

async function ask() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  again = false;
  const query = new URLSearchParams();
  for (const name of ["file", "smiles", "id", "sheet", "target", "relation", "units", "threshold", "side"]) {
    if (form.elements[name]?.value) query.set(name, form.elements[name].value);
  }
  let wait = 0;
  try {
    const answer = await fetch(`${counts.dataset.address}?${query}`, { headers: { Accept: "application/json" } });
    const found = await answer.json();
    if (answer.ok) show(found);
    else list("n-warnings", [found.error]);
    wait = answer.ok && !found.ready ? 700 : 0;
  } catch {
    list("n-warnings", ["The server does not answer."]);
  }
  asking = false;
  if (again) ask();
  else if (wait) setTimeout(ask, wait);
}

function show(found) {
  for (const name of ["active", "inactive", "reading"]) {
    document.getElementById(`n-${name}`).textContent = found[name];
  }
  document.getElementById("n-what").textContent = found.what;
  list("n-details", found.details);
  list("n-warnings", found.warnings);
}

function list(id, sentences) {
  document.getElementById(id).replaceChildren(
    ...sentences.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence })),
  );
}
