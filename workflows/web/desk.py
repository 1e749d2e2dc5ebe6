"""Where structures are scored while they are drawn: loaded when the first of them comes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any


class Desk:
    """Two desks of `screening.report`: a score never waits for a card that is being made.

    They are imported with their first use: that takes seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._desks: dict[bool, Any] = {}

    def ask(self, model: Path, text: str, task: str = "", *, card: bool = False) -> dict[str, Any]:
        """Return what is told of a structure, see `screening.report.Desk`."""
        from screening.report import Desk as Ready
        from screening.report import Question

        with self._lock:
            desk = self._desks.setdefault(card, Ready())
        answer: dict[str, Any] = desk.ask(model, Question(text, task, card))
        return answer

    def prepare(self, model: Path) -> None:
        """Have the model loaded, without waiting for it."""
        for card in (False, True):
            asking = threading.Thread(
                target=self.ask, args=(model, "C"), kwargs={"card": card}, daemon=True
            )
            asking.start()

    def close(self) -> None:
        """End the processes that have the model."""
        for desk in self._desks.values():
            desk.close()
