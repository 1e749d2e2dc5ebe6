// The hits on the map of chemical space: pointing shows a structure, a click opens its card.
const NEAR = 14;

function listenToMap() {
  const map = document.getElementById("map");
  const picture = map?.querySelector("svg");
  if (!picture || !data.places.length) return;
  const tip = el("div", { class: "tip", role: "status", hidden: true });
  const ring = svg("circle", { r: 6, class: "ring", visibility: "hidden" });
  picture.append(ring);
  map.append(tip);
  let pointed = -1;

  function point(i) {
    pointed = i;
    tip.hidden = i < 0;
    map.classList.toggle("pointed", i >= 0);
    ring.setAttribute("visibility", i < 0 ? "hidden" : "visible");
    if (i < 0) return;
    const hit = data.hits[i], [x, y] = data.places[i];
    ring.setAttribute("cx", x);
    ring.setAttribute("cy", y);
    tip.replaceChildren(drawing(hit.drawing, `Structure of ${plain(hit.id)}`, []),
      el("p", { dir: "auto" }, plain(hit.id).slice(0, 80)), el("p", {}, `rank ${hit.rank}, ${share(hit.score, 2)} `, tagMark(hit)));
    const at = new DOMPoint(x, y).matrixTransform(picture.getScreenCTM()), box = map.getBoundingClientRect();
    tip.style.left = `${Math.max(0, Math.min(at.x - box.left + 12, box.width - tip.offsetWidth))}px`;
    tip.style.top = `${at.y - box.top + 12}px`;
  }

  // The hit nearest to the pointer, if any is near.
  function under(event) {
    const matrix = picture.getScreenCTM();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    let best = -1, least = (NEAR / matrix.a) ** 2;
    data.places.forEach(([x, y], i) => {
      const distance = (x - at.x) ** 2 + (y - at.y) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    return best;
  }

  // One stop for the Tab key; arrows go through the hits by rank.
  map.closest("figure").querySelector("figcaption").append(" Point at a hit to see it; click to open it.");
  map.tabIndex = 0;
  map.setAttribute("role", "group");
  map.setAttribute("aria-label", `${map.getAttribute("aria-label")} Arrow keys go through the hits by rank, Enter opens one, Escape leaves it.`);
  map.addEventListener("pointermove", (event) => point(under(event)));
  map.addEventListener("pointerleave", () => point(-1));
  map.addEventListener("blur", () => point(-1));
  map.addEventListener("click", (event) => {
    const found = under(event);
    if (found >= 0) openHit(data.hits[found].rank);
  });
  map.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by) point((Math.max(pointed + by, 0)) % data.hits.length);
    else if (event.key === "Enter" && pointed >= 0) openHit(data.hits[pointed].rank);
    else if (event.key === "Escape") point(-1);
    else return;
    event.preventDefault();
  });
}
