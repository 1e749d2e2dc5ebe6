"""What a model learned from and new results, as one assay: by the rules of curation.

A compound of one side alone is taken as it is. One that both have is agreed on anew, row by row, as
if its rows stood in one table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

import numpy as np
from rdkit import Chem

from screening.assay import Assay, Conflict, Conflicts, Ledger, Merge, Repeat, Rule
from screening.assay.curation import columns_of
from screening.assay.labels import Label
from screening.assay.sanity import warnings_of
from screening.assay.tasks import LabelTask, Row, Task, ValueTask
from screening.assay.values.cells import TURNED
from screening.assay.values.column import NOTHING, SAYS_INACTIVE, Reading, ValueColumn
from screening.assay.values.units import convert, turns
from screening.hits import molecule_of
from screening.model import ScreeningModel
from screening.tables import Origin
from screening.turns.learning.rules import rule_of


def learned_assay(model: ScreeningModel) -> Assay:
    """Return what a model learned from, as it was curated."""
    training = model.training
    rules = {task: rule for task in model.tasks if (rule := rule_of(model, task)) is not None}
    conflicts: Conflicts = model.provenance.get("conflicts", "drop")
    ledger = Ledger.from_dict(model.provenance["ledger"])
    origins = [origin if origin.source else Origin(ledger.source) for origin in training.origins]
    return Assay(
        tasks=model.tasks,
        ids=list(training.ids),
        smiles=list(training.smiles),
        rows=training.rows,
        mols=[molecule_of(text) for text in training.smiles],
        labels=training.labels,
        values=training.values,
        ledger=ledger,
        standardize=model.options.standardize,
        rules=rules,
        conflicts=conflicts,
        origins=origins,
        relations=training.relations,
    )


def pooled(known: Assay, new: Assay, conflicts: Conflicts) -> Assay:
    """Return both as one assay; the compounds of `known` come first, in their order.

    Parameters
    ----------
    known
        What was learned from.
    new
        Results, with the same tasks; their values may be in other units of the same kind.
    conflicts
        What is done with a structure that is both active and inactive.

    Raises
    ------
    UserError
        A structure contradicts itself, and that is to be an error.
    """
    # Rows of both are counted through, so that each has a number of its own.
    after = _last_row(known)
    ledger = _begun(known.ledger, new.ledger, after)
    tasks = [_task(known, new, index) for index in range(len(known.tasks))]
    sides = [_Side(known, 0), _Side(new, after)]
    # What was left out, for its contradictions say, still has its word.
    both = sides[0].structures.keys() & sides[1].structures.keys()
    taken: list[_Compound] = []
    for side, units in zip(sides, ((), tasks), strict=True):
        for smiles, place in side.structures.items():
            if smiles not in both:
                taken += [side.compound(place, units)] if place is not None else []
            elif side is sides[0]:
                taken.append(_agreed(smiles, sides, tasks, conflicts, ledger))
    _carry_over(ledger, known.ledger, new.ledger, both, after)
    kept = [one for one in taken if not all(np.isnan(label.label) for label in one.labels)]
    ledger.kept = len(kept)
    assay = Assay(
        tasks=known.tasks,
        ids=[one.id for one in kept],
        smiles=[one.smiles for one in kept],
        rows=np.array([one.row for one in kept], dtype=np.int64),
        mols=[one.mol for one in kept],
        **columns_of([one.labels for one in kept], len(known.tasks)),
        ledger=ledger,
        standardize=known.standardize,
        rules={**new.rules, **known.rules},
        conflicts=conflicts,
        origins=[one.origin for one in kept],
    )
    ledger.warnings += warnings_of(assay.tasks, assay.labels)
    return assay


class _Compound(NamedTuple):
    smiles: str
    id: str
    row: int
    mol: Chem.Mol
    labels: list[Label]
    origin: Origin


@dataclass
class _Side:
    """One of the two assays, to be asked for single compounds.

    Attributes
    ----------
    assay : Assay
    after : int
        What its rows are counted on from.
    structures : dict of str to (int or None)
        Where each structure stands; None for one that was left out, since its rows contradict each
        other or do not decide.
    """

    assay: Assay
    after: int
    places: dict[str, int] = field(init=False)
    structures: dict[str, int | None] = field(init=False)
    merges: dict[str, Merge] = field(init=False)
    repeats: dict[tuple[str, str], Repeat] = field(init=False)
    conflicts: dict[tuple[str, str], Conflict] = field(init=False)

    def __post_init__(self) -> None:
        ledger = self.assay.ledger
        self.places = {smiles: place for place, smiles in enumerate(self.assay.smiles)}
        self.merges = {merge.smiles: merge for merge in ledger.merges}
        self.repeats = {(repeat.smiles, repeat.task): repeat for repeat in ledger.repeats}
        self.conflicts = {(found.smiles, found.task): found for found in ledger.conflicts}
        entered = (*self.conflicts, *self.repeats)
        dropped = dict.fromkeys(smiles for smiles, _ in entered if smiles not in self.places)
        self.structures = {**self.places, **dropped}

    def compound(self, place: int, tasks: Sequence[_Both] = ()) -> _Compound:
        """Return a compound as it is; its values in the units of the tasks, where given."""
        assay = self.assay
        labels = [
            Label(float(label), float(value), str(relation))
            for label, value, relation in zip(
                assay.labels[place], assay.values[place], assay.relations[place], strict=True
            )
        ]
        if tasks:
            labels = [task.converted(label) for label, task in zip(labels, tasks, strict=True)]
        row = int(assay.rows[place]) + self.after
        return _Compound(
            assay.smiles[place],
            assay.ids[place],
            row,
            assay.mols[place],
            labels,
            assay.origins[place],
        )

    def rows(self, smiles: str) -> list[tuple[int, str]]:
        """Return number and name of each row of a structure."""
        if smiles in self.merges:
            merge = self.merges[smiles]
            return list(zip((row + self.after for row in merge.rows), merge.ids, strict=True))
        if smiles in self.places:
            place = self.places[smiles]
            return [(int(self.assay.rows[place]) + self.after, self.assay.ids[place])]
        return []


@dataclass
class _Both:
    """A task of both sides: how labels are agreed on, and what the rows of one structure said."""

    name: str
    rule: Rule | None
    theirs: Rule | None
    band: float = 0.0

    @property
    def has_values(self) -> bool:
        """Whether both sides have values that can be compared, and agree on a threshold."""
        return self.rule is not None and self.theirs is not None

    def converted(self, label: Label) -> Label:
        """Return a label of the new results with its value in the unit of what was learned."""
        if np.isnan(label.value):
            return label
        reading = self.reading(Reading(label.relation, label.value))
        return Label(label.label, reading.value, reading.relation)

    def reading(self, reading: Reading) -> Reading:
        """Return a reading of the new results in the unit of what was learned."""
        mine = self.rule.scale.unit if self.rule else None
        other = self.theirs.scale.unit if self.theirs else None
        # Results that could not be compared, or only by weight, were not read (`read_results`).
        if mine == other or mine is None or other is None or not reading.measured:
            return reading
        turned = turns(other, mine)
        relation = TURNED[reading.relation] if turned else reading.relation
        return Reading(relation, convert(reading.value, other, mine))


def _task(known: Assay, new: Assay, index: int) -> _Both:
    name = known.tasks[index]
    rule, theirs = known.rules.get(name), new.rules.get(name)
    both = _Both(name, rule, theirs)
    if rule is not None and both.has_values:
        values = [
            *known.values[:, index],
            *(both.converted(Label(np.nan, value)).value for value in new.values[:, index]),
        ]
        readings = [Reading("=", float(value)) for value in values if not np.isnan(value)]
        both.band = ValueTask(ValueColumn(name, readings, rule.scale), rule.threshold, ()).band
    return both


def _agreed(
    smiles: str,
    sides: Sequence[_Side],
    tasks: Sequence[_Both],
    conflicts: Conflicts,
    ledger: Ledger,
) -> _Compound:
    """Return what all rows of a structure come to, and enter them."""
    rows = [row for side in sides for row in side.rows(smiles)]
    ledger.merges.append(
        Merge(smiles, tuple(number for number, _ in rows), tuple(name for _, name in rows))
    )
    labels = [
        _agree(smiles, sides, index, both, conflicts, ledger) for index, both in enumerate(tasks)
    ]
    own = [side.assay.origins[side.places[smiles]] for side in sides if smiles in side.places]
    own = own or [Origin(sides[1].assay.ledger.source)]
    sources = dict.fromkeys(source for origin in own for source in origin.source.split(", "))
    origin = Origin(", ".join(sources), own[-1].date or own[0].date, own[-1].turn)
    number, name = rows[0]
    return _Compound(smiles, name, number, molecule_of(smiles), labels, origin)


def _agree(
    smiles: str,
    sides: Sequence[_Side],
    index: int,
    both: _Both,
    conflicts: Conflicts,
    ledger: Ledger,
) -> Label:
    said = [
        one
        for which, side in enumerate(sides)
        for one in _said(smiles, side, index, both, converts=bool(which))
    ]
    rows = [Row(at, number, name, Chem.Mol()) for at, (number, name, *_) in enumerate(said)]
    if not both.has_values:
        task: Task = LabelTask(both.name, [label for *_, label, _ in said])
        agreed = task.agree(smiles, rows, conflicts, ledger)
        # A value goes with the label that it made.
        made = [r for *_, label, r in said if label == agreed.label and r.measured]
        return replace(agreed, value=made[0].value, relation=made[0].relation) if made else agreed
    assert both.rule is not None
    column = ValueColumn(both.name, [reading for *_, reading in said], both.rule.scale)
    valued = ValueTask(column, both.rule.threshold, ())
    valued.band = both.band
    return valued.agree(smiles, rows, conflicts, ledger)


def _said(
    smiles: str, side: _Side, index: int, both: _Both, *, converts: bool
) -> list[tuple[int, str, float, Reading]]:
    """Return number, name, label and reading of each row of a structure that says something."""
    key = (smiles, both.name)
    known = smiles in side.places
    label = float(side.assay.labels[side.places[smiles], index]) if known else float("nan")
    value = float(side.assay.values[side.places[smiles], index]) if known else float("nan")
    relation = str(side.assay.relations[side.places[smiles], index]) if known else "="
    conflict, repeat = side.conflicts.get(key), side.repeats.get(key)
    if both.has_values and repeat is not None:
        readings = [_read(text) for text in repeat.values]
        found = [
            (row + side.after, name, label, reading)
            for row, name, reading in zip(repeat.rows, repeat.ids, readings, strict=True)
        ]
    elif not both.has_values and conflict is not None:
        found = [
            (row + side.after, name, float(vote), NOTHING)
            for row, name, vote in zip(conflict.rows, conflict.ids, conflict.labels, strict=True)
        ]
    elif np.isnan(label):
        return []
    else:
        measured = not np.isnan(value)
        reading = Reading(relation, value) if measured else SAYS_INACTIVE if not label else NOTHING
        rows = side.rows(smiles)
        # Several values would be a repeat; of labels, each row counts.
        found = [(number, name, label, reading) for number, name in rows]
        found = found[:1] if both.has_values else found
    if not converts:
        return found
    return [(number, name, said, both.reading(reading)) for number, name, said, reading in found]


def _read(text: str) -> Reading:
    """Return the reading that `Scale.text` wrote."""
    relation = text[0] if text[0] in "<>" else "="
    return Reading(relation, float(text.lstrip("<>")))


def _last_row(known: Assay) -> int:
    """Return the highest number that a row of an assay has."""
    ledger = known.ledger
    numbers = [int(known.rows.max(initial=0)), *(reject.row for reject in ledger.rejects)]
    entries: list[Merge | Conflict | Repeat] = [
        *ledger.merges,
        *ledger.conflicts,
        *ledger.repeats,
    ]
    numbers += [row for entry in entries for row in entry.rows]
    return max(numbers)


def _begun(known: Ledger, new: Ledger, after: int) -> Ledger:
    """Return the ledger of both as far as it does not depend on single structures."""
    rejects = [replace(reject, row=reject.row + after) for reject in new.rejects]
    notes = [
        *known.notes,
        *(note for note in new.notes if note not in known.notes),
        f"{new.place} N of {new.source} is counted as row {after} + N here.",
    ]
    return Ledger(
        source=f"{known.source}, {new.source}",
        read=known.read + new.read,
        rejects=[*known.rejects, *rejects],
        unlabelled=known.unlabelled + new.unlabelled,
        notes=notes,
        warnings=list(new.warnings),
        place="row",
    )


def _carry_over(ledger: Ledger, known: Ledger, new: Ledger, both: set[str], after: int) -> None:
    """Enter what was said of structures that one side has alone."""
    for old, shift in ((known, 0), (new, after)):
        ledger.merges += _shifted(old.merges, both, shift)
        ledger.conflicts += _shifted(old.conflicts, both, shift)
        ledger.repeats += _shifted(old.repeats, both, shift)
    ledger.repeats.sort(key=lambda repeat: -repeat.spread)


_Entry = TypeVar("_Entry", Merge, Conflict, Repeat)


def _shifted(entries: Sequence[_Entry], but: set[str], shift: int) -> list[_Entry]:
    """Return entries of other structures than these, their rows counted on."""
    return [
        replace(entry, rows=tuple(row + shift for row in entry.rows))
        for entry in entries
        if entry.smiles not in but
    ]
