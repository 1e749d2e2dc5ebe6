// One hit as a card.
function card(hit, paint) {
  const spread = el("small", { title: "how far the networks disagree: one standard deviation" }, "± " + share(hit.std, 2));
  const title = el("h3", { dir: "auto" }, plain(hit.id));
  return el("article", { class: selected.has(hit.rank) ? "card chosen" : "card", "data-rank": hit.rank, "aria-label": plain(hit.id) },
    el("header", {}, el("span", { class: "rank" }, selectBox(hit), ` ${hit.rank}`), title, starButton(hit), el("span", { class: "score" }, share(hit.score, 2), " ", spread)),
    tags(hit),
    valueLine(hit),
    el("div", { class: "structure" }, structure(hit, paint)),
    hit.missing && hit.drawing !== null ? el("p", { class: "note" }, hit.missing) : null,
    alertsLine(hit),
    propertyList(hit),
    el("div", { class: "known" }, neighbour(hit.active, "active"), neighbour(hit.inactive, "inactive")),
    el("label", { class: "note-field" }, "Note", noteField(hit)),
    furtherFacts(hit));
}

function noteField(hit) {
  const field = el("textarea", { rows: 2, "data-note": hit.rank, dir: "auto", placeholder: " " });
  field.value = notes.get(hit.rank) || "";
  return field;
}

// One plain word on the prediction; then only what changes what a reader would do.
function tags(hit) {
  const list = el("ul", { class: "tags" }, el("li", {}, tagMark(hit)));
  const add = (text, kind) => list.append(el("li", { class: kind }, text));
  if (hit.truth === 1) add("found: a hidden known active", "good");
  if (hit.truth === 0) add("hidden known inactive", "warn");
  if (hit.pick) add(`suggested: pick ${hit.pick}`, "good");
  if (hit.tested) add("already tested in the assay", "warn");
  else if (hit.skeleton) add("tested in the assay with other stereo", "warn");
  if (hit.twin) add(`same structure as ${plain(hit.twin)}`, "warn");
  return list;
}

function valueLine(hit) {
  if (!isValued(hit)) return null;
  const ends = endsText(hit);
  const potency = hit.potency === null ? null : el("span", { title: "−log10 of mol/L" }, `; p ${number(hit.potency, 2)}`);
  // A number without a unit is told by the name of its column, such as pIC50.
  const what = hit.unit ? "Predicted: " : `Predicted ${plain(data.task)}: `;
  return el("p", { class: "value" }, what, el("b", {}, valueText(hit)),
    ends && el("span", { title: `interval at ${number(100 * data.risk, 0)} % risk` }, ` (${ends})`), potency);
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
  const [place, similarity] = found;
  const known = data.known[place];
  const value = known.value === null ? "" : `, ${data.task} ${known.value}`;
  return el("figure", {},
    knownStructure(found),
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
  add("plate", hit.reason);
  add("prediction set", `${hit.set}, at ${number(100 * data.risk, 0)} % risk`);
  add("p active", share(hit.p[0], 3));
  add("p inactive", share(hit.p[1], 3));
  add("domain", hit.inside ? "inside" : `outside: ${hit.why}`);
  add("nearest", `${number(hit.nearest, 2)} similar to the assay’s nearest compound`);
  add("cluster", hit.cluster);
  add("novelty", `${number(hit.novelty, 0)} % of held-out assay compounds are less novel`);
  add("whole molecule", hit.whole === null ? hit.missing : `descriptors contribute ${number(hit.whole, 2)} nats of log odds`);
  hit.tasks.forEach((value, i) => add(`score ${data.tasks[i]}`, number(value, 3)));
  add("file", `${hit.source}, row ${hit.row}`);
  data.inputs.forEach((name, i) => add(name, hit.inputs[i]));
  return el("details", { class: "more" }, el("summary", {}, "More"), list);
}
