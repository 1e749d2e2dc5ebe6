"""Turns of the wheel: results come back, models are compared, the next plate is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebm.lazy import loaded_when_asked

if TYPE_CHECKING:
    from screening.turns.comparing.compare import compare
    from screening.turns.comparing.record import Comparison
    from screening.turns.learning.learn import Learned, learn, learn_from
    from screening.turns.learning.results import Results, ResultsOptions, read_results
    from screening.turns.picking import Picked, pick, pick_plate_of, plate_text

__all__ = [
    "Comparison",
    "Learned",
    "Picked",
    "Results",
    "ResultsOptions",
    "compare",
    "learn",
    "learn_from",
    "pick",
    "pick_plate_of",
    "plate_text",
    "read_results",
]

_PLACES = {
    "Comparison": "screening.turns.comparing.record",
    "Learned": "screening.turns.learning.learn",
    "Picked": "screening.turns.picking",
    "Results": "screening.turns.learning.results",
    "ResultsOptions": "screening.turns.learning.results",
    "compare": "screening.turns.comparing.compare",
    "learn": "screening.turns.learning.learn",
    "learn_from": "screening.turns.learning.learn",
    "pick": "screening.turns.picking",
    "pick_plate_of": "screening.turns.picking",
    "plate_text": "screening.turns.picking",
    "read_results": "screening.turns.learning.results",
}
__getattr__, __dir__ = loaded_when_asked(__name__, _PLACES)
