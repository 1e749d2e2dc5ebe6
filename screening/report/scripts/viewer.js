// The card of one hit over the page, with the next and the one before in the order shown.
const viewer = document.getElementById("viewer");
let viewed = null;

function openHit(rank) {
  viewed = rank;
  const place = shown.findIndex((hit) => hit.rank === rank);
  const step = (by, text, name) => {
    const next = place < 0 ? null : shown[place + by];
    return el("button", { type: "button", "data-step": by, disabled: !next, "aria-label": name }, text);
  };
  const close = el("button", { type: "button", id: "close", "aria-label": "Close" }, "Close");
  const where = place < 0 ? "" : `${place + 1} of ${shown.length} shown`;
  viewer.replaceChildren(
    el("div", { class: "viewer-top" }, step(-1, "← Previous", "Previous hit"), step(1, "Next →", "Next hit"), el("span", { class: "note", role: "status" }, where), close),
    card(hitOf.get(rank), tools.elements.paint.value));
  if (!viewer.open) viewer.showModal();
  viewer.scrollTop = 0;
}

function stepHit(by) {
  const place = shown.findIndex((hit) => hit.rank === viewed);
  const next = place < 0 ? null : shown[place + by];
  if (!next) return;
  openHit(next.rank);
  const again = viewer.querySelector(`[data-step="${by}"]`);
  (again.disabled ? document.getElementById("close") : again).focus();
}

function listenToViewer() {
  viewer.addEventListener("click", (event) => {
    if (event.target.dataset.step) stepHit(Number(event.target.dataset.step));
    // The dialog itself is hit only beside its content.
    if (event.target.id === "close" || event.target === viewer) viewer.close();
  });
  viewer.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea")) return;
    if (event.key === "ArrowRight") stepHit(1);
    if (event.key === "ArrowLeft") stepHit(-1);
  });
}
