"""What curation did with the assay, for the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from screening.model import ScreeningModel
from screening.report.page import cut

_ROWS = 300


def ledger_of(model: ScreeningModel) -> dict[str, Any]:
    """Return sentences and tables of the curation ledger that the model carries."""
    ledger = model.provenance.get("ledger")
    if not ledger:
        return {"sentences": ["The model file holds no curation ledger."], "tables": []}
    merged = sum(len(merge["rows"]) - 1 for merge in ledger["merges"])
    counts = (
        f"{cut(ledger['source'])}: {ledger['read']:,} rows read, {ledger['kept']:,} compounds "
        f"kept; {len(ledger['rejects']):,} rows could not be used, {ledger['unlabelled']:,} had "
        f"no label, {merged:,} repeated a structure and were merged, "
        f"{len(ledger['conflicts']):,} structures had contradicting labels."
    )
    said = [*ledger["notes"], *ledger.get("warnings", ())]
    sentences = [counts, *(cut(note) for note in said)]
    tables = [
        _rejects(ledger["rejects"]),
        _merges(ledger["merges"]),
        _conflicts(ledger["conflicts"]),
        _repeats(ledger.get("repeats", ())),
    ]
    return {"sentences": sentences, "tables": [table for table in tables if table["rows"]]}


def _table(title: str, head: list[str], rows: list[list[str]]) -> dict[str, Any]:
    shown = rows[:_ROWS]
    more = f", the first {_ROWS}" if len(rows) > _ROWS else ""
    return {"title": f"{title} ({len(rows):,}{more})", "head": head, "rows": shown}


def _rejects(rejects: list[dict[str, Any]]) -> dict[str, Any]:
    keys = ["row", "id", "smiles", "reason", "message"]
    rows = [[cut(reject[key]) for key in keys] for reject in rejects]
    return _table("Rows that could not be used", keys, rows)


def _merges(merges: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [[_join(m["rows"]), _join(m["ids"]), cut(m["smiles"])] for m in merges]
    return _table("Merged rows", ["lines", "names", "structure"], rows)


def _conflicts(conflicts: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [
        [
            _join(c["rows"]),
            _join(c["ids"]),
            cut(c["smiles"]),
            cut(c["task"]),
            _join("active" if label else "inactive" for label in c["labels"]),
            c["resolution"],
        ]
        for c in conflicts
    ]
    head = ["lines", "names", "structure", "task", "labels", "outcome"]
    return _table("Contradicting labels", head, rows)


def _repeats(repeats: Sequence[dict[str, Any]]) -> dict[str, Any]:
    rows = [
        [
            _join(r["rows"]),
            _join(r["ids"]),
            cut(r["smiles"]),
            cut(r["task"]),
            _join(r["values"]),
            cut(r["combined"]),
            cut(f"{r['spread']:.3g} {r['unit']}"),
        ]
        for r in repeats
    ]
    head = ["lines", "names", "structure", "task", "values", "median", "spread"]
    return _table("Repeated values, the widest spread first", head, rows)


def _join(values: Any) -> str:
    return cut(", ".join(str(value) for value in values))
