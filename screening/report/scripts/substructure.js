// Which hits hold a pattern. Molecules are read when a pattern is first asked for.
const MOST_STEPS = 200000;

// The atoms of one match, in the order of the pattern; null without one. `start`: its first atom.
function findMatch(pattern, atoms, start) {
  const places = new Array(pattern.length).fill(-1);
  const taken = new Set();
  let steps = 0;
  const fits = (at, index) => {
    if (taken.has(at) || !pattern[index].ask(atoms[at], atoms, at)) return false;
    return pattern[index].bonds.every(([other, ask]) => {
      const found = atoms[at].bonds.find(([to]) => to === places[other]);
      return found !== undefined && ask(found[1]);
    });
  };
  const place = (index) => {
    if (index === pattern.length) return true;
    steps += 1;
    if (steps > MOST_STEPS) throw new PatternError("it takes too long to look for");
    const [first] = pattern[index].bonds;
    let candidates;
    if (first) candidates = atoms[places[first[0]]].bonds.map(([to]) => to);
    else if (index === 0 && start !== undefined) candidates = [start];
    else candidates = atoms.keys();
    for (const at of candidates) {
      if (!fits(at, index)) continue;
      places[index] = at;
      taken.add(at);
      if (place(index + 1)) return true;
      taken.delete(at);
    }
    places[index] = -1;
    return false;
  };
  return place(0) ? places : null;
}

const molecules = new Map();

function moleculeOf(structure) {
  if (!molecules.has(structure)) molecules.set(structure, readSmiles(structure));
  return molecules.get(structure);
}

// What the box asks for: the text, why it cannot be asked, and the atoms of each hit that was looked at.
let asked = { text: "", problem: "", pattern: null, found: new Map() };

function askFor(text) {
  if (text === asked.text) return asked;
  asked = { text, problem: "", pattern: null, found: new Map() };
  try {
    if (text) asked.pattern = readPattern(text);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    asked.problem = error.message;
  }
  return asked;
}

// The atoms of a hit that match what the box asks for, null where there is no match or no question.
function matchedAtoms(hit) {
  if (!asked.pattern || asked.problem) return null;
  if (!asked.found.has(hit.rank)) {
    let found = null;
    try {
      found = findMatch(asked.pattern, moleculeOf(hit.structure));
    } catch (error) {
      asked.problem = `${plain(hit.id)}: ${error.message}`;
    }
    asked.found.set(hit.rank, found);
  }
  return asked.found.get(hit.rank);
}

// A pattern that cannot be asked filters nothing, and the box says why.
FILTERS.push((hit) => {
  askFor(document.querySelector("#substructure input").value.trim());
  return !asked.pattern || matchedAtoms(hit) !== null || asked.problem !== "";
});

// Called once the hits are filtered.
function tellSubstructure() {
  const note = document.getElementById("substructure-note");
  note.hidden = !asked.problem;
  note.textContent = asked.problem ? `Not filtered by this pattern: ${asked.problem}.` : "";
}
