// One hit as a card.
function card(hit, paint) {
  const box = el("input", { type: "checkbox", "aria-label": `Select ${plain(hit.id)}`, "data-rank": hit.rank });
  box.checked = selected.has(hit.rank);
  const score = el("span", { class: "score" }, number(hit.score, 2), " ", el("small", {}, "± " + number(hit.std, 2)));
  const title = el("h3", { dir: "auto", id: `hit-${hit.rank}` }, plain(hit.id));
  const rank = el("span", { class: "rank" }, box, ` ${hit.rank}`);
  return el("article", { class: box.checked ? "card chosen" : "card", "data-rank": hit.rank, "aria-labelledby": `hit-${hit.rank}` },
    el("header", {}, rank, title, score),
    tags(hit),
    el("div", { class: "structure" }, structure(hit, paint)),
    alertsLine(hit),
    propertyList(hit),
    el("div", { class: "known" }, neighbour(hit.active, "active"), neighbour(hit.inactive, "inactive")),
    furtherFacts(hit));
}

function tags(hit) {
  const list = el("ul", { class: "tags" });
  const add = (text, kind) => list.append(el("li", { class: kind }, text));
  if (hit.truth === 1) add("found: a hidden known active", "good");
  if (hit.truth === 0) add("hidden known inactive", "warn");
  add(`set at ${number(100 * data.risk, 0)} % risk: ${hit.set}`, hit.set === "active" ? "good" : "");
  add(hit.inside ? "inside the domain" : "outside the domain", hit.inside ? "" : "warn");
  add(`cluster ${hit.cluster}`);
  if (hit.pick) add(`suggested: pick ${hit.pick}`, "good");
  if (hit.tested) add("already in the assay", "warn");
  if (hit.twin) add(`same structure as ${plain(hit.twin)}`, "warn");
  return list;
}

function alertsLine(hit) {
  if (!hit.alerts.length) return null;
  return el("p", { class: "alerts" }, "Alerts: " + hit.alerts.map(([catalog, name]) => `${name.replaceAll("_", " ")} (${catalog})`).join(", "));
}

function propertyList(hit) {
  const list = el("dl", { class: "props" });
  data.properties.forEach(([name, digits, long], i) => {
    list.append(el("div", {}, el("dt", { title: long }, name), el("dd", {}, number(hit.props[i], digits))));
  });
  return list;
}

function neighbour(found, label) {
  if (!found) return el("p", { class: "note" }, `There is no known ${label}.`);
  const [place, similarity, , atoms] = found;
  const known = data.known[place];
  const value = known.value === null ? "" : `, ${data.task} ${known.value}`;
  return el("figure", {},
    drawing(known.drawing, `Structure of ${plain(known.id)}`, atoms.map((atom) => [atom, "shared", 0.3])),
    el("figcaption", {}, el("strong", {}, `Nearest ${label}`), `, ${number(similarity, 2)} similar`, el("br"),
      el("span", { dir: "auto", class: "text" }, plain(known.id)), plain(value)));
}

function furtherFacts(hit) {
  const list = el("dl");
  const add = (name, value) => {
    if (value !== "") list.append(el("dt", {}, plain(name)), el("dd", { dir: "auto" }, plain(value)));
  };
  add("SMILES", hit.smiles);
  add("scaffold", hit.scaffold);
  add("why outside", hit.why.join("; "));
  add("plate", hit.reason);
  add("p active", number(hit.p[0], 3));
  add("p inactive", number(hit.p[1], 3));
  add("novelty", `${number(hit.novelty, 0)} % of held-out assay compounds are less novel`);
  add("whole molecule", `descriptors contribute ${number(hit.whole, 2)} nats of log odds`);
  hit.tasks.forEach((value, i) => add(`score ${data.tasks[i]}`, number(value, 3)));
  add("file", `${hit.source}, row ${hit.row}`);
  data.inputs.forEach((name, i) => add(name, hit.inputs[i]));
  return el("details", { class: "more" }, el("summary", {}, "More"), list);
}
