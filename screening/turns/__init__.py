"""Turns of the wheel: results come back, models are compared, the next plate is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebm.lazy import loaded_when_asked

if TYPE_CHECKING:
    from screening.turns.comparing.compare import compare
    from screening.turns.comparing.record import Comparison

__all__ = [
    "Comparison",
    "compare",
]

_PLACES = {
    "Comparison": "screening.turns.comparing.record",
    "compare": "screening.turns.comparing.compare",
}
__getattr__, __dir__ = loaded_when_asked(__name__, _PLACES)
