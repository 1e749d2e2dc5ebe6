"""The library run: any number of rows scored, ranked, accounted for, and continued."""

from screening.library.options import ScreenOptions
from screening.library.run import Counts, RunSummary, screen

__all__ = ["Counts", "RunSummary", "ScreenOptions", "screen"]
