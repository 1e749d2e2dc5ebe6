// What only a served page can do: a drawn filter, a plate, what is saved, another run beside.
const own = (id) => document.getElementById(id);

// What is saved.
const whatToSave = el("select", { id: "save-what", "aria-label": "What is saved" },
  ...[["selected", "the selection"], ["starred", "the starred"], ["shown", "what is shown"], ["all", "all hits"]].map(([value, text]) => el("option", { value }, text)));
const SAVED = {
  selected: (hit) => selected.has(hit.rank),
  starred: (hit) => starred.has(hit.rank),
  shown: (hit) => shown.includes(hit),
  all: () => true,
};
toSave = () => data.hits.filter(SAVED[whatToSave.value]);
document.querySelector(".saves").firstChild.replaceWith("Save ", whatToSave, " as ");
whatToSave.addEventListener("change", count);

// A drawn substructure becomes the text of the box.
const drawButton = el("button", { type: "button", id: "draw-filter" }, "Draw it");
const drawDialog = own("draw-dialog");
let editor = null;
own("substructure").append(drawButton);

drawButton.addEventListener("click", async () => {
  drawDialog.showModal();
  own("drawn-problem").textContent = "";
  if (editor) return;
  const { Editor } = await import("./editor.js");
  editor = new Editor(own("draw-place"), () => { own("drawn-smiles").value = editor.smiles; });
});
own("drawn-smiles").addEventListener("change", (event) => editor?.put(event.target.value.trim()));
own("draw-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const smiles = own("drawn-smiles").value.trim();
  const box = document.querySelector("#substructure input");
  try {
    box.value = smiles ? await patternOf(smiles) : "";
  } catch (error) {
    own("drawn-problem").textContent = error.message;
    return;
  }
  drawDialog.close();
  show();
  box.focus();
});
own("draw-cancel").addEventListener("click", () => drawDialog.close());

async function patternOf(smiles) {
  const answer = await fetch(`/pattern?${new URLSearchParams({ smiles })}`).catch(() => null);
  if (!answer) throw new Error("The server does not answer.");
  const said = await answer.json().catch(() => ({ error: "That is too much for a substructure." }));
  if (!answer.ok) throw new Error(said.error);
  return said.smarts;
}

// The plate: picked by the server, from all hits or the starred, and written into the folder.
own("plate-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const said = own("plate-said");
  said.textContent = "Picking …";
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
  const made = await answer?.json().catch(() => null);
  if (!answer?.ok) {
    said.textContent = made?.error || "The server does not answer.";
    return;
  }
  const picks = new Map(made.picks.map(([rank, pick, reason]) => [rank, [pick, reason]]));
  for (const hit of data.hits) [hit.pick, hit.reason] = picks.get(hit.rank) || [0, "not picked: not among those the plate was picked from"];
  said.textContent = made.sentence;
  own("plate-files").hidden = false;
  tools.elements.only.value = "picked";
  tools.elements.sort.value = "pick";
  show();
});

// Another run beside: only what it scores low may be shown.
const limit = own("beside-most");
if (limit) {
  FILTERS.push((hit) => limit.value === "" || hit.beside === null || hit.beside <= Number(limit.value));
  limit.addEventListener("input", show);
}
own("beside")?.addEventListener("change", (event) => event.target.form.requestSubmit());

for (const name of ["focus", "pageshow"]) window.addEventListener(name, fetchMarks);
