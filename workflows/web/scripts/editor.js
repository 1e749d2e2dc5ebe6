// The structure editor: a canvas to draw on, and SMILES in and out.
import { CanvasEditor, Molecule } from "./openchemlib.js";

export class Editor {
  // `changed` is called after each stroke of the user, not when a structure is put in.
  constructor(place, changed) {
    this.canvas = new CanvasEditor(place);
    this.canvas.setOnChangeListener(({ type, isUserEvent }) => {
      if (isUserEvent && type === "molecule") changed();
    });
  }

  get smiles() {
    const molecule = this.canvas.getMolecule();
    if (!molecule.getAllAtoms()) return "";
    // Bonds that are not aromatic to everybody are written as they are drawn.
    return molecule.toIsomericSmiles({ kekulizedOutput: true });
  }

  // False where this editor cannot read it, though RDKit may; the drawing is emptied then.
  put(smiles) {
    let molecule = new Molecule(0, 0);
    let read = true;
    try {
      molecule = Molecule.fromSmiles(smiles);
    } catch {
      read = false;
    }
    molecule.setFragment(false);
    this.canvas.setMolecule(molecule);
    return read;
  }
}
