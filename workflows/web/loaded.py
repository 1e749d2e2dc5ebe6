"""The model that stays in memory, so that a drawing is scored at once."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from screening.model import ScreeningModel


class LoadedModel:
    """One model at a time: the one that was last asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: tuple[Path, int, int] | None = None
        self._model: ScreeningModel | None = None

    def get(self, path: Path) -> ScreeningModel:
        """Return the model of a file, loaded anew where the file has changed.

        Raises
        ------
        UserError
            The file is missing, damaged or no model.
        """
        from screening.model import load_model

        with self._lock:
            about = path.stat() if path.is_file() else None
            key = (path, about.st_mtime_ns, about.st_size) if about else None
            if self._model is None or key is None or key != self._key:
                self._model, self._key = None, None
                self._model, self._key = load_model(path), key
            return self._model
