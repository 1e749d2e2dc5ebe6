// Molecules from the SMILES that RDKit wrote: its own aromaticity, and hydrogens as it counts them.
const ELEMENTS = ("H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe " +
  "Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og").split(" ");
const NUMBERS = new Map([["*", 0], ...ELEMENTS.map((symbol, i) => [symbol, i + 1])]);
const ORGANIC = /^(?:Cl|Br|[BCNOPSFIbcnops*])/;
const BRACKET = /^\[(\d*)([A-Z][a-z]?|[a-z]{1,2}|\*)(@(?:@|(?:TH|AL|SP|TB|OH)\d+)?)?(?:H(\d*))?([+-]\d*|\++|-+)?(?::\d+)?\]/;
const VALENCES = { B: [3], C: [4], N: [3], O: [2], P: [3, 5], S: [2, 4, 6], F: [1], Cl: [1], Br: [1], I: [1, 3, 5] };
const SINGLE = 1, DOUBLE = 2, TRIPLE = 3, QUADRUPLE = 4, AROMATIC = 5, DATIVE = 6, OTHER = 7;
const WRITTEN = { "-": SINGLE, "/": SINGLE, "\\": SINGLE, "=": DOUBLE, "#": TRIPLE, "$": QUADRUPLE, ":": AROMATIC, "~": OTHER };

function elementOf(symbol) {
  return NUMBERS.get(symbol[0].toUpperCase() + symbol.slice(1));
}

function chargeOf(text) {
  if (!text) return 0;
  const size = /\d/.test(text) ? Number(text.slice(1)) : text.length;
  return text[0] === "+" ? size : -size;
}

// The number of a ring closure at a place of a text, and how many signs it takes.
function closureAt(text, at) {
  if (!/[\d%]/.test(text[at])) return null;
  const found = /^(?:(\d)|%(\d\d)|%\((\d+)\))/.exec(text.slice(at, at + 12));
  return found && [Number(found[1] ?? found[2] ?? found[3]), found[0].length];
}

function readSmiles(text) {
  const atoms = [];
  const open = new Map();
  const branches = [];
  let last = null;
  let kind = null;
  const join = (from, to, sign) => {
    const both = atoms[from].aromatic && atoms[to].aromatic;
    let type = WRITTEN[sign] ?? (both ? AROMATIC : SINGLE);
    if (sign === "->" || sign === "<-") type = DATIVE;
    // A dative bond counts for the atom that takes the electrons alone.
    const giver = sign === "->" ? from : sign === "<-" ? to : null;
    const bond = { type, giver, ring: false };
    atoms[from].bonds.push([to, bond]);
    atoms[to].bonds.push([from, bond]);
  };
  const add = (atom) => {
    atoms.push({ bonds: [], ...atom });
    if (last !== null) join(last, atoms.length - 1, kind);
    last = atoms.length - 1;
    kind = null;
  };
  for (let i = 0; i < text.length;) {
    const rest = text.slice(i, i + 60);
    const organic = ORGANIC.exec(rest);
    const bracket = text[i] === "[" ? BRACKET.exec(rest) : null;
    const closure = closureAt(text, i);
    const arrow = /^(?:->|<-)/.exec(rest);
    if (arrow) {
      [kind, i] = [arrow[0], i + 2];
    } else if (WRITTEN[text[i]]) {
      [kind, i] = [text[i], i + 1];
    } else if (text[i] === "(") {
      branches.push(last);
      i += 1;
    } else if (text[i] === ")") {
      last = branches.pop();
      i += 1;
    } else if (text[i] === ".") {
      last = null;
      i += 1;
    } else if (closure) {
      const [number, size] = closure;
      if (open.has(number)) {
        const [other, sign] = open.get(number);
        open.delete(number);
        // A bond is written from the opening to the closing end.
        join(other, last, sign ?? kind);
      } else open.set(number, [last, kind]);
      kind = null;
      i += size;
    } else if (bracket) {
      const [whole, isotope, symbol, , hydrogens, charge] = bracket;
      add({ element: elementOf(symbol), aromatic: symbol !== "*" && symbol === symbol.toLowerCase(), isotope: Number(isotope),
        charge: chargeOf(charge), implicit: hydrogens === undefined ? 0 : Number(hydrogens || 1) });
      i += whole.length;
    } else if (organic) {
      const symbol = organic[0];
      add({ element: elementOf(symbol), aromatic: symbol !== "*" && symbol === symbol.toLowerCase(), isotope: 0, charge: 0, implicit: symbol === "*" ? 0 : null });
      i += symbol.length;
    } else throw new Error(`the structure cannot be read at “${rest.slice(0, 10)}”`);
  }
  atoms.forEach(fillHydrogens);
  markRings(atoms);
  for (const atom of atoms) atom.hydrogens = atom.implicit + atom.bonds.filter(([other]) => atoms[other].element === 1).length;
  return atoms;
}

function orderOf(bond, at) {
  if (bond.type === AROMATIC) return 1.5;
  if (bond.type === DATIVE) return bond.giver === at ? 0 : 1;
  return bond.type === OTHER ? 0 : bond.type;
}

function fillHydrogens(atom, at) {
  if (atom.implicit !== null) return;
  const used = atom.bonds.reduce((sum, [, bond]) => sum + orderOf(bond, at), 0);
  const known = VALENCES[ELEMENTS[atom.element - 1]];
  const fitting = (atom.aromatic ? known.slice(0, 1) : known).find((valence) => valence >= used);
  atom.implicit = fitting === undefined ? 0 : Math.floor(fitting - used);
}

// A bond lies in a ring unless it alone holds two parts together (Tarjan's bridges, without recursion).
// As for RDKit, a ring that a dative bond closes is none.
function markRings(atoms) {
  const seen = new Array(atoms.length).fill(-1);
  const low = new Array(atoms.length).fill(0);
  let time = 0;
  for (let root = 0; root < atoms.length; root++) {
    if (seen[root] >= 0) continue;
    const stack = [[root, null, 0]];
    seen[root] = low[root] = time++;
    while (stack.length) {
      const top = stack[stack.length - 1];
      const [at, came] = top;
      if (top[2] < atoms[at].bonds.length) {
        const [to, bond] = atoms[at].bonds[top[2]++];
        if (bond === came || bond.type === DATIVE) continue;
        if (seen[to] >= 0) {
          low[at] = Math.min(low[at], seen[to]);
          bond.ring = true;
        } else {
          seen[to] = low[to] = time++;
          stack.push([to, bond, 0]);
        }
      } else {
        stack.pop();
        if (!stack.length) continue;
        const below = stack[stack.length - 1][0];
        low[below] = Math.min(low[below], low[at]);
        came.ring = low[at] <= seen[below];
      }
    }
  }
  for (const atom of atoms) atom.ringBonds = atom.bonds.filter(([, bond]) => bond.ring).length;
}

// The size of the smallest ring that holds an atom; 0 without one.
function smallestRing(atoms, start) {
  if (atoms[start].smallest !== undefined) return atoms[start].smallest;
  let best = Infinity;
  // Rounds from the atom: two that began with different bonds meet in a ring.
  const depth = new Map([[start, 0]]);
  const branch = new Map();
  let edge = [start];
  while (edge.length && 2 * depth.get(edge[0]) + 1 < best) {
    const next = [];
    for (const at of edge) {
      for (const [to, bond] of atoms[at].bonds) {
        if (!bond.ring || to === start) continue;
        const first = at === start ? to : branch.get(at);
        if (!depth.has(to)) {
          depth.set(to, depth.get(at) + 1);
          branch.set(to, first);
          next.push(to);
        } else if (branch.get(to) !== first) best = Math.min(best, depth.get(at) + depth.get(to) + 1);
      }
    }
    edge = next;
  }
  atoms[start].smallest = best === Infinity ? 0 : best;
  return atoms[start].smallest;
}
