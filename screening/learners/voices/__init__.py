"""Voices: what is blended with the networks, as it learns, and as a model keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ebm.lazy import loaded_when_asked
from screening.learners.voices.voice import FittedVoice, Seen, StoredVoice, Voice

if TYPE_CHECKING:
    from screening.learners.voices.named import read_voice, voices_of

__all__ = ["FittedVoice", "Seen", "StoredVoice", "Voice", "read_voice", "voices_of"]

_NAMED = "screening.learners.voices.named"
__getattr__, __dir__ = loaded_when_asked(__name__, {"read_voice": _NAMED, "voices_of": _NAMED})
