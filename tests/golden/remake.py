"""Write what the small models say anew: `python -m tests.golden.remake`.

Right only when the predictions are meant to change: another default, another feature, a mended
mistake, a release of torch, scikit-learn or RDKit that computes something else. Look at the
difference before it is committed, and say in the message why the numbers moved and how far. Never
right after code was only moved, renamed, split or made faster: then no digit may change, and a
difference is a mistake in the move.

Words behind the module's name remake these models only: `... remake one_task several_tasks`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import torch

from tests.golden.models import HERE, MODELS, ask, processor


def remake(names: list[str]) -> None:
    """Train the models of these names, and write their files."""
    torch.set_num_threads(1)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            said = ask(name, Path(folder))
        said.scores.to_csv(HERE / "scores" / f"{name}.csv", lineterminator="\n")
        said.held_out.to_csv(HERE / "held_out" / f"{name}.csv", lineterminator="\n")
        about = {"processor": processor(), **said.quality}
        (HERE / "quality" / f"{name}.json").write_text(
            json.dumps(about, indent=1) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    remake(sys.argv[1:] or list(MODELS))
