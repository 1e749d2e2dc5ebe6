"""The library run: any number of rows scored, ranked, accounted for, and continued."""

from screening.library.loop import Counts
from screening.library.options import ScreenOptions
from screening.library.packed.pack import PackOptions
from screening.library.prepared.options import LibraryOptions
from screening.library.prepared.prepare import PrepareOptions, PrepareSummary, prepare_library
from screening.library.prepared.source import is_prepared, open_prepared
from screening.library.run import RunSummary, add_seconds, screen
from screening.library.unlabelled import Unlabelled, draw_unlabelled

__all__ = [
    "Counts",
    "LibraryOptions",
    "PackOptions",
    "PrepareOptions",
    "PrepareSummary",
    "RunSummary",
    "ScreenOptions",
    "Unlabelled",
    "add_seconds",
    "draw_unlabelled",
    "is_prepared",
    "open_prepared",
    "prepare_library",
    "screen",
]
