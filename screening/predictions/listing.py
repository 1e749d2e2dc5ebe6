"""Predictions as a table to read on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from screening.hits import named, tag_of
from screening.predictions.rows import PredictedRows, RowPiece

_HEAD = ("structure", "score", "prediction", "nearest known compound", "in domain")
_WIDEST = 60
# A spread that rounds to less is no certainty, and is not shown.
_LEAST_SPREAD = 0.005


def listing(rows: PredictedRows, tasks: Sequence[str]) -> str:
    """Return one line a compound and task, in columns.

    Examples
    --------
    ::

        structure                  score        prediction   nearest known compound     in domain
        CC(=O)Oc1ccccc1C(=O)O      0.31 ± 0.04  cannot tell  BACE_17, inactive (0.42)   yes
    """
    valued = any(named("value", task, tasks) in rows.own for task in tasks)
    head = [*_HEAD[:1], *(["task"] if len(tasks) > 1 else []), *_HEAD[1:3]]
    head += [*(["value"] if valued else []), *_HEAD[3:]]
    lines = [head, *(line for piece in rows for line in _lines(piece, tasks))]
    # A reason why there is no score takes the rest of its line.
    full = [line for line in lines if len(line) == len(head)]
    widths = [max(len(line[i]) for line in full) for i in range(len(head))]
    widths[0] = max(len(line[0]) for line in lines)
    return "\n".join(_joined(line, widths) for line in lines)


def _joined(line: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=False)).rstrip()


def _lines(piece: RowPiece, tasks: Sequence[str]) -> Iterator[list[str]]:
    several = len(tasks) > 1
    valued = any(named("value", task, tasks) in piece.table.column_names for task in tasks)
    for name, row in zip(piece.names, piece.table.to_pylist(), strict=True):
        text = name if len(name) <= _WIDEST else f"{name[: _WIDEST - 1]}…"
        if row["reason"]:
            yield [text, *([""] if several else []), "-", f"{row['reason']}: {row['message']}"]
            continue
        for task in tasks:
            chosen = row[named("prediction_set", task, tasks)]
            yield [
                text,
                *([task] if several else []),
                _score(row[named("score", task, tasks)], row[named("score_std", task, tasks)]),
                tag_of(chosen, row["in_domain"]),
                *([_value(row, task, tasks)] if valued else []),
                _nearest(row),
                "yes" if row["in_domain"] else "no",
            ]


def _score(score: float, spread: float) -> str:
    return f"{score:.2f} ± {spread:.2f}" if spread >= _LEAST_SPREAD else f"{score:.2f}"


def _value(row: dict[str, Any], task: str, tasks: Sequence[str]) -> str:
    """Return a predicted value, and its interval where it has ends, to three digits."""
    value, low, high = (
        row.get(named(column, task, tasks)) for column in ("value", "value_low", "value_high")
    )
    if value is None:
        return ""
    ends = f" ({low:.3g} to {high:.3g})" if low == low and high == high else ""
    return f"{value:.3g}{ends}"


def _nearest(row: dict[str, Any]) -> str:
    known = ", ".join(filter(None, (row["nearest_id"], row["nearest_label"])))
    if row["in_training"]:
        return f"{known} (the same)"
    other = ", another form of it" if row["same_skeleton"] else ""
    return f"{known} ({row['nearest_similarity']:.2f}{other})"
