"""The networks: an ensemble for each part, trained beside each other.

First every part's stack is learned, then all members of all parts: no process waits for another
part's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from multiprocessing.reduction import ForkingPickler
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ebm import RBM
from ebm.dbn import DBN
from ebm.storage import ModelArrays
from screening.errors import UserError
from screening.features import Encoder
from screening.jobs import in_processes
from screening.learners.compounds import Compounds, Rows
from screening.learners.ensemble import Ensemble
from screening.learners.finetuning import train_member
from screening.learners.learner import Logits, Part, encode
from screening.learners.member import Member
from screening.learners.options import ModelOptions, held_out_members
from screening.learners.pretraining import LibraryStack, PretrainedStack, pretrain_part
from screening.progress import OnStep, ignore_steps

# Networks of different parts draw from seeds that never meet.
_SEEDS_PER_PART = 1000

_Result = TypeVar("_Result")


def _by_value(model: RBM | DBN) -> tuple[Any, ...]:
    return ModelArrays.model, (ModelArrays.of(model),)


# So they go to other processes, and come back: see `ModelArrays`.
for _kind in (RBM, DBN):
    ForkingPickler.register(_kind, _by_value)


class DivergedError(UserError):
    """Networks whose weights grew beyond all bounds while they were trained."""


class EncodedPart(NamedTuple):
    """Encoded compounds that one ensemble learns from.

    Attributes
    ----------
    x : CSR of shape (n, n_columns)
        Values in [0, 1].
    y : float32 array of shape (n, n_tasks)
        1, 0, or between; NaN where missing.
    seed : int
        Of the stack, and of the first member; the others have the seeds that follow.
    members : int
        Of the ensemble.
    held_out : CSR, optional
        Compounds whose free energy is watched beside theirs; they teach it nothing.
    """

    x: csr_matrix
    y: NDArray[np.float32]
    seed: int
    members: int
    held_out: csr_matrix | None = None


@dataclass
class TrainedEnsemble:
    """What was learned from one part.

    Attributes
    ----------
    stack : PretrainedStack
        With the novelty.
    members : list of Member
    """

    stack: PretrainedStack
    members: list[Member]


@dataclass(frozen=True)
class FittedNetworks:
    """An ensemble and the encoder of what it sees.

    Attributes
    ----------
    encoder : Encoder
    trained : TrainedEnsemble
    ensemble : Ensemble
    """

    encoder: Encoder
    trained: TrainedEnsemble
    ensemble: Ensemble

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return the mean over the members, shape (n_rows, n_tasks).

        Raises
        ------
        DivergedError
            It is no number.
        """
        found = self.ensemble.logits(encode(self.encoder, compounds, rows)).mean(axis=0)
        if not np.isfinite(found).all():
            raise DivergedError(
                "the networks learned nothing: their weights grew beyond all bounds; leave the "
                "settings at their defaults, or lower learning_rate from Python."
            )
        return np.asarray(found)

    def novelties(self, compounds: Compounds, rows: Rows) -> NDArray[np.float64]:
        """Return the novelty of each in nats, shape (n_rows,)."""
        return self.trained.stack.novelty(encode(self.encoder, compounds, rows))


@dataclass(frozen=True)
class Networks:
    """The learner of an ensemble of deep belief networks.

    Attributes
    ----------
    options : ModelOptions
    library : LibraryStack, optional
        A stack learned on unlabelled molecules, for every ensemble to start from.
    """

    options: ModelOptions
    library: LibraryStack | None = None

    def encoder(self, part: Part) -> Encoder:
        """Return the encoder of what the networks of a part see."""
        return part.encoder(self.options.features) if self.library is None else self.library.encoder

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[FittedNetworks]:
        """Yield the ensemble of each part; folds have fewer members (see `held_out_members`)."""
        encoders = [self.encoder(part) for part in parts]
        begun = None if self.library is None else self.library.dbn
        encoded = [self._encoded(*pair) for pair in zip(parts, encoders, strict=True)]
        trained = train_ensembles(
            encoded, self.options, begun=begun, workers=workers, on_step=on_step
        )
        for part, encoder, own in zip(encoded, encoders, trained, strict=True):
            yield FittedNetworks(encoder, own, Ensemble(own.members, part.x.shape[1]))

    def fit_beside(
        self,
        fitted: FittedNetworks,
        parts: Sequence[Part],
        *,
        workers: int = 1,
        on_step: OnStep = ignore_steps,
    ) -> Iterator[FittedNetworks]:
        """Yield one network for each part, on the columns and the stack of an ensemble.

        Neither knows a label, so a part may share them with the compounds that it asks for, and
        the most expensive half of the learning is saved.
        """
        stack = fitted.trained.stack
        encoded = [self._encoded(part, fitted.encoder)._replace(members=1) for part in parts]
        stacks = [stack] * len(parts)
        found = train_members(
            encoded,
            stacks,
            self.options,
            "networks of random folds",
            workers=workers,
            on_step=on_step,
        )
        for part, members in zip(encoded, found, strict=True):
            own = TrainedEnsemble(stack, members)
            yield FittedNetworks(fitted.encoder, own, Ensemble(members, part.x.shape[1]))

    def _encoded(self, part: Part, encoder: Encoder) -> EncodedPart:
        size = self.options.ensemble_size
        return EncodedPart(
            part.encoded(encoder),
            part.taught(self.options.labels),
            self.options.seed + _SEEDS_PER_PART * part.number,
            held_out_members(size) if part.is_fold else size,
            encode(encoder, part.compounds, part.asked) if len(part.asked) else None,
        )


def train_ensembles(
    parts: Sequence[EncodedPart],
    options: ModelOptions,
    *,
    begun: DBN | None = None,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
) -> list[TrainedEnsemble]:
    """Train an ensemble on each part, in processes; the result is the same for any number of them.

    Parameters
    ----------
    parts
        Compounds, labels and seed of each.
    options
        Settings shared by all.
    begun
        A stack pretrained on other compounds of the same columns, for every part to go on with.
    workers
        Processes; with 1 everything happens in this one.
    on_step
        Is told (stage, done, total) as work goes on.
    """
    pretraining = ((part.x, options, part.seed, part.held_out, begun) for part in parts)
    results = in_processes(pretrain_part, pretraining, workers)
    stacks = list(_counted(results, "pretraining", len(parts), on_step))
    members = train_members(parts, stacks, options, "networks", workers=workers, on_step=on_step)
    return list(map(TrainedEnsemble, stacks, members))


def train_members(
    parts: Sequence[EncodedPart],
    stacks: Sequence[PretrainedStack],
    options: ModelOptions,
    stage: str,
    *,
    workers: int = 1,
    on_step: OnStep = ignore_steps,
) -> list[list[Member]]:
    """Train the members of each part from its stack, in processes; see `train_ensembles`.

    `stage` is what `on_step` is told.
    """
    jobs = (
        (part.x, part.y, options, part.seed + member, stack.dbn)
        for part, stack in zip(parts, stacks, strict=True)
        for member in range(part.members)
    )
    total = sum(part.members for part in parts)
    members = _counted(in_processes(train_member, jobs, workers), stage, total, on_step)
    return [list(islice(members, part.members)) for part in parts]


def _counted(
    results: Iterator[_Result], stage: str, total: int, on_step: OnStep
) -> Iterator[_Result]:
    for done, result in enumerate(results, start=1):
        on_step(stage, done, total)
        yield result
