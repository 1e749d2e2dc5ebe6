"""A study of replays: every buyer on every start; what is in the folder is not done again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from screening.errors import UserError
from screening.learners import Compounds, ModelOptions
from screening.model import versions
from screening.model.provenance import data_hash
from screening.progress import OnStep
from screening.study.folder import RESULTS, begin_or_continue, hash_of
from screening.tables import write_atomically
from screening.turns.replaying.replay import (
    BUYERS,
    Buyer,
    Replayed,
    Shopper,
    Trainer,
    replay,
    shopper,
)
from screening.turns.replaying.starts import Plan, dated_start, random_start, series_start

# In the seed of every repeat.
_CODE = 7
StartKind = Literal["dated", "random", "scaffold"]


@dataclass(frozen=True)
class RollingOptions:
    """How the wheel is replayed.

    Attributes
    ----------
    kind : str
        `dated`: the oldest compounds are known, and others come on offer as time goes on;
        `random`, `scaffold`: a small random set or one scaffold with what is most like it is known,
        and all others are on offer at once.
    start : int
        Compounds known at the start, or more till there are five of each class.
    batch : int
        Compounds bought a turn.
    turns : int
    repeats : int
        With seeds of their own; of a dated start only the models and what is drawn differ.
    buyers : tuple of str
        Of `BUYERS`.
    """

    kind: StartKind
    start: int = 50
    batch: int = 24
    turns: int = 6
    repeats: int = 5
    buyers: tuple[Buyer, ...] = BUYERS


@dataclass(frozen=True)
class Entry:
    """A result and what it belongs to."""

    repeat: int
    buyer: Buyer
    plan: Plan
    result: Replayed


@dataclass
class RollingStudy:
    """Everything that came out.

    Attributes
    ----------
    compounds : Compounds
    options : RollingOptions
    entries : list of Entry
        By repeat, then buyer.
    """

    compounds: Compounds
    options: RollingOptions
    entries: list[Entry] = field(default_factory=list)


def run_rolling(
    compounds: Compounds,
    model_options: ModelOptions,
    options: RollingOptions,
    folder: Path,
    *,
    times: NDArray[np.float64] | None = None,
    workers: int = 1,
    on_step: OnStep,
    on_result: Callable[[str], None] = lambda _: None,
    make: Callable[[Buyer, Trainer, int], Shopper] = shopper,
) -> RollingStudy:
    """Replay what is not in the folder yet, and return all results.

    Parameters
    ----------
    compounds
        Of one task, each with a label.
    model_options
        Of the models; its seed is also that of the starts.
    options
    folder
        Made when it is not there. A study of the same assay and settings is continued; buyers and
        repeats may be added to it.
    times : array of shape (n,), optional
        For a dated start.
    workers
        Processes; the result is the same for any number.
    on_step, on_result
        Are told how far the work is, and a sentence for each new result.
    make
        Makes a buyer; another one may know further names.

    Raises
    ------
    UserError
        The folder holds something else, or there is no start.
    """
    if len(compounds.assay.tasks) > 1:
        raise UserError(
            f"a replay buys for one target, and there are {len(compounds.assay.tasks)}; name one "
            "with --target-column."
        )
    plans = [
        plan_of(compounds, options, times, _seed_of(model_options.seed, repeat))
        for repeat in range(options.repeats)
    ]
    identity = {
        "ebmscreen": versions()["ebmscreen"],
        "assay": data_hash(compounds.assay),
        "tasks": list(compounds.assay.tasks),
        "rolling": options.kind,
        "column": None if times is None else hash_of(times),
        "start": options.start,
        "batch": options.batch,
        "turns": options.turns,
        "options": model_options.to_dict(),
    }
    begin_or_continue(folder, identity)
    study = RollingStudy(compounds, options)
    done, total = 0, options.repeats * len(options.buyers)
    for repeat, plan in enumerate(plans):
        trainer = Trainer(model_options, workers)
        for buyer in options.buyers:
            on_step("replays", done, total)
            path = folder / RESULTS / f"{options.kind}-{repeat:02d}" / f"{buyer}.json"
            result = read_replayed(path)
            if result is None:
                who = make(buyer, trainer, workers)
                seed = _seed_of(model_options.seed, repeat)
                result = replay(compounds, plan, who, options.batch, seed)
                write_replayed(path, result)
                on_result(f"{buyer}, repeat {repeat + 1}: {sum(map(len, result.bought))} bought")
            study.entries.append(Entry(repeat, buyer, plan, result))
            done += 1
    on_step("replays", total, total)
    return study


def plan_of(
    compounds: Compounds, options: RollingOptions, times: NDArray[np.float64] | None, seed: int
) -> Plan:
    """Return the plan of one repeat."""
    if options.kind == "dated":
        if times is None:
            raise ValueError("a dated start needs times")
        return dated_start(compounds, times, options.start, options.turns)
    make = random_start if options.kind == "random" else series_start
    return make(compounds, options.start, options.turns, seed)


def _seed_of(seed: int, repeat: int) -> int:
    return int(np.random.SeedSequence([seed, _CODE, repeat]).generate_state(1)[0] >> 1)


def write_replayed(path: Path, result: Replayed) -> None:
    """Write a result whole or not at all."""
    content = {"bought": [rows.tolist() for rows in result.bought], "roc_auc": result.roc_auc}
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")


def read_replayed(path: Path) -> Replayed | None:
    """Read a result; None when it is not there or damaged."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        bought = [np.array(rows, dtype=np.int64) for rows in stored["bought"]]
        return Replayed(bought, float(stored["roc_auc"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
