// Patterns: SMARTS read into questions to atoms and bonds. What would not be answered as RDKit
// answers it is refused by name.
class PatternError extends Error {}

const REFUSED = [
  [/^@/, "stereo (@) is not looked at here; leave it out"],
  [/^v/, "the valence (v) cannot be asked here"],
  [/^h/, "h cannot be asked here; H counts all hydrogens"],
  [/^[Rk]\{?[1-9]/, "the number of rings (R1, R2, ...) cannot be asked here; use r5, r6 for ring sizes or x2, x3 for ring bonds"],
  [/^(?:z|\^|Z(?![nr]))/, "hybridisation and hetero neighbours (^, z, Z) cannot be asked here"],
  [/^[A-Za-z]\{/, "ranges in braces cannot be asked here"],
  [/^(?:\+\+\+|---)/, "a charge above two is written with its number, as +3"],
  // RDKit reads Nh as N and h, and not the others.
  [/^(?:Nh|Mc|Ts|Og)/, "elements of which nobody has made a molecule cannot be asked here"],
];
const SYMBOL = /^(?:as|se|te|si|[bcnops]|[A-Z][a-z]?)/;

function readPattern(text) {
  const reader = { text, at: 0 };
  const pattern = readChain(reader);
  if (reader.at < text.length) throw new PatternError(`“${text[reader.at]}” at place ${reader.at + 1} does not belong there`);
  return pattern;
}

// A pattern is atoms (questions) and, for each, the bonds to atoms before it.
function readChain(reader) {
  const { text } = reader;
  const atoms = [];
  const open = new Map();
  const branches = [];
  let last = null;
  let bond = null;
  const fail = (why) => { throw new PatternError(`${why} (place ${reader.at + 1})`); };
  while (reader.at < text.length) {
    const sign = text[reader.at];
    const closure = closureAt(text, reader.at);
    if (sign === "(") {
      if (last === null) fail("parentheses around whole parts cannot be asked here");
      if (text[reader.at - 1] === "(" || text[reader.at + 1] === ")") fail("a branch begins with an atom");
      branches.push(last);
      reader.at += 1;
    } else if (sign === ")") {
      if (!branches.length) break;
      if (bond) fail("a bond leads nowhere");
      last = branches.pop();
      reader.at += 1;
    } else if (sign === ".") {
      if (last === null || bond) fail("a part is missing before the dot");
      last = null;
      reader.at += 1;
    } else if (closure) {
      if (last === null) fail("a ring closes nowhere");
      const [number, size] = closure;
      if (open.has(number)) {
        const [other, ask] = open.get(number);
        if (other === last) fail("an atom cannot close a ring with itself");
        if (atoms[last].bonds.some(([to]) => to === other)) fail("a ring has three atoms at least");
        open.delete(number);
        atoms[last].bonds.push([other, ask || bond || isDefaultBond]);
      } else open.set(number, [last, bond]);
      bond = null;
      reader.at += size;
    } else if (/[-=#:~@/\\$!<]/.test(sign)) {
      if (last === null || bond) fail("a bond leads nowhere");
      bond = readEither(reader, bondPrimitive, /[-=#:~@/\\$!<>]/);
    } else {
      const ask = sign === "[" ? readBracket(reader) : readBare(reader);
      atoms.push({ ask, bonds: last === null ? [] : [[last, bond || isDefaultBond]] });
      last = atoms.length - 1;
      bond = null;
    }
  }
  if (bond) fail("a bond leads nowhere");
  if (branches.length) fail("a parenthesis is not closed");
  if (open.size) fail("a ring is not closed");
  if (!atoms.length || last === null) fail("there is no atom");
  return atoms;
}

// Questions joined by ";", "," and "&" (or nothing), from the loosest to the tightest.
function readEither(reader, primitive, begins) {
  const level = (sign, below, all) => () => {
    const parts = [below()];
    while (reader.text[reader.at] === sign) {
      reader.at += 1;
      parts.push(below());
    }
    if (parts.length === 1) return parts[0];
    return all ? (...at) => parts.every((part) => part(...at)) : (...at) => parts.some((part) => part(...at));
  };
  const one = () => {
    if (reader.text[reader.at] === "!") {
      reader.at += 1;
      const inner = one();
      return (...at) => !inner(...at);
    }
    return primitive(reader);
  };
  const tight = () => {
    const parts = [one()];
    for (;;) {
      const sign = reader.text[reader.at];
      if (sign === "&") reader.at += 1;
      else if (sign === undefined || !begins.test(sign)) break;
      parts.push(one());
    }
    return parts.length === 1 ? parts[0] : (...at) => parts.every((part) => part(...at));
  };
  return level(";", level(",", tight, false), true)();
}

function isDefaultBond(bond) {
  return bond.type === SINGLE || bond.type === AROMATIC;
}

function bondPrimitive(reader) {
  const rest = reader.text.slice(reader.at);
  const sign = rest[0];
  if (/^(?:->|<-)/.test(rest)) throw new PatternError("dative bonds cannot be asked here");
  if (sign === "/" || sign === "\\") throw new PatternError("stereo (/ and \\) is not looked at here; write - instead");
  reader.at += 1;
  if (sign === "~") return () => true;
  if (sign === "@") return (bond) => bond.ring;
  const type = WRITTEN[sign];
  if (!type) throw new PatternError(`“${sign ?? "the end"}” is no bond (place ${reader.at})`);
  return (bond) => bond.type === type;
}

// C is aliphatic and c aromatic carbon; a capital of which SMARTS has no small letter is either.
function isElement(symbol) {
  const element = elementOf(symbol);
  const aromatic = symbol === symbol.toLowerCase();
  if (!aromatic && !/^(?:B|C|N|O|P|S|F|Cl|Br|I)$/.test(symbol)) return (atom) => atom.element === element;
  return (atom) => atom.element === element && atom.aromatic === aromatic;
}

function readBare(reader) {
  const found = /^(?:Cl|Br|[BCNOPSFIbcnopsaA*])/.exec(reader.text.slice(reader.at, reader.at + 2));
  if (!found) throw new PatternError(`“${reader.text[reader.at]}” at place ${reader.at + 1} is not understood; atoms other than B C N O P S F Cl Br I stand in brackets`);
  reader.at += found[0].length;
  return kindOf(found[0]) || isElement(found[0]);
}

function kindOf(sign) {
  return { "*": () => true, a: (atom) => atom.aromatic, A: (atom) => !atom.aromatic }[sign];
}

function readBracket(reader) {
  reader.at += 1;
  const alone = /^(\d*)H([+-]\d+|\+*|-*)(?::\d+)?\]/.exec(reader.text.slice(reader.at));
  if (alone) {
    reader.at += alone[0].length;
    const [, isotope, charge] = alone;
    return (atom) => atom.element === 1 && (!isotope || atom.isotope === Number(isotope)) && (!charge || atom.charge === chargeOf(charge));
  }
  if (/^\d*H[+-]/.test(reader.text.slice(reader.at))) throw new PatternError("a hydrogen with a charge stands alone in its bracket");
  const ask = readEither(reader, atomPrimitive, /[^\],;:]/);
  const end = /^(?::\d+)?\]/.exec(reader.text.slice(reader.at));
  if (!end) throw new PatternError(reader.at < reader.text.length ? `“${reader.text[reader.at]}” at place ${reader.at + 1} is not understood` : "a bracket is not closed");
  reader.at += end[0].length;
  return ask;
}

// [sign, question to an atom, given the number behind the sign (1 without one)]
const COUNTED = {
  D: (n) => (atom) => atom.bonds.length === n,
  X: (n) => (atom) => atom.bonds.length + atom.implicit === n,
  H: (n) => (atom) => atom.hydrogens === n,
  x: (n, given) => (atom) => (given ? atom.ringBonds === n : atom.ringBonds > 0),
  R: (n, given) => (atom) => (atom.ringBonds > 0) !== given,
  r: (n, given) => (atom, atoms, at) => (!given ? atom.ringBonds > 0 : n ? smallestRing(atoms, at) === n : !atom.ringBonds),
};

function atomPrimitive(reader) {
  const rest = reader.text.slice(reader.at);
  const take = (found) => {
    reader.at += found[0].length;
    return found;
  };
  if (rest.startsWith("$(")) return readRecursive(reader);
  for (const [form, why] of REFUSED) if (form.test(rest)) throw new PatternError(why);
  let found = /^#(\d+)/.exec(rest);
  if (found) {
    const element = Number(take(found)[1]);
    return (atom) => atom.element === element;
  }
  found = /^\d+/.exec(rest);
  if (found) {
    const isotope = Number(take(found)[0]);
    return (atom) => atom.isotope === isotope;
  }
  found = /^(?:[+-]\d+|\++|-+)/.exec(rest);
  if (found) {
    const charge = chargeOf(take(found)[0]);
    return (atom) => atom.charge === charge;
  }
  found = SYMBOL.exec(rest);
  // A symbol of two letters is that element, not a question and an element: [Ru], [Hg], [Xe].
  if (found && found[0].length === 2 && NUMBERS.has(found[0][0].toUpperCase() + found[0][1])) return isElement(take(found)[0]);
  found = /^([DXHxRr])(\d*)/.exec(rest);
  if (found) {
    const [, sign, digits] = take(found);
    return COUNTED[sign](digits === "" ? 1 : Number(digits), digits !== "");
  }
  if (kindOf(rest[0])) return kindOf(take([rest[0]])[0]);
  found = SYMBOL.exec(rest);
  if (found && NUMBERS.has(found[0][0].toUpperCase())) return isElement(take([found[0][0]])[0]);
  throw new PatternError(rest ? `“${rest[0]}” at place ${reader.at + 1} is not understood` : "a bracket is not closed");
}

// $(...): the atom begins a match of the pattern within.
function readRecursive(reader) {
  reader.at += 2;
  const inner = readChain(reader);
  if (reader.text[reader.at] !== ")") throw new PatternError("a $( is not closed");
  reader.at += 1;
  const known = new WeakMap();
  return (atom, atoms, at) => {
    if (!known.has(atom)) known.set(atom, findMatch(inner, atoms, at) !== null);
    return known.get(atom);
  };
}
