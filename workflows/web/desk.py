"""Where structures are scored while they are drawn: loaded when the first of them comes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any


class Desk:
    """The desk of `screening.report`, imported with its first use: that takes seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._desk: Any = None

    def ask(self, model: Path, text: str, task: str = "", *, card: bool = False) -> dict[str, Any]:
        """Return what is told of a structure, see `screening.report.Desk`."""
        from screening.report import Desk as Ready
        from screening.report import Question

        with self._lock:
            if self._desk is None:
                self._desk = Ready()
        answer: dict[str, Any] = self._desk.ask(model, Question(text, task, card))
        return answer

    def prepare(self, model: Path) -> None:
        """Have the model loaded, without waiting for it."""
        threading.Thread(target=self.ask, args=(model, "C"), daemon=True).start()

    def close(self) -> None:
        """End the process that has the model."""
        if self._desk is not None:
            self._desk.close()
