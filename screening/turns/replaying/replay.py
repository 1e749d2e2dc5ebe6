"""The wheel replayed on a finished assay: learn from what is known, buy, reveal, learn again.

Who chooses sees labels of known compounds alone: it is handed those compounds, and the ones on
offer without any label.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from screening.learners import MODELS, Compounds, ModelOptions, Part
from screening.learners.calibrated import CalibratedBlend, FittedBlend
from screening.learners.compounds import Rows
from screening.learners.learner import Fitted, encode
from screening.learners.registry import FOREST, LearnerSettings
from screening.plate.batches import Candidates, Limits, Mode, choose
from screening.plate.pick import DIVERSITY, NOVELTY
from screening.trust.neighbours import nearest
from screening.turns.replaying.starts import Plan

# Who buys: the rules of `pick`, a plain forest's best scores, and chance.
Buyer = Literal["exploit", "balance", "explore", "qpo", "forest", "chance"]
BUYERS: tuple[Buyer, ...] = get_args(Buyer)


@dataclass(frozen=True)
class Replayed:
    """What one buyer did on one plan.

    Attributes
    ----------
    bought : list of int64 arrays
        Compounds of each turn, in the order of picking.
    roc_auc : float
        Of what was learned in the end, among the compounds that are never on offer; NaN where they
        lack a class or there are none, and for chance.
    """

    bought: list[Rows]
    roc_auc: float


class Shopper(Protocol):
    """What learns from known compounds, and then chooses or scores others."""

    def learn(self, known: Compounds, seed: int) -> None:
        """Learn from compounds with their labels."""

    def choose(self, offered: Compounds, n: int, seed: int) -> list[int]:
        """Return the places of n compounds on offer, in the order of picking."""

    def score(self, compounds: Compounds) -> NDArray[np.float64]:
        """Return what ranks compounds, shape (n,)."""


class Trainer:
    """Trains the model that `train` makes, and keeps the first: all rules begin with it.

    Parameters
    ----------
    options
        Of the model.
    workers
        Processes; the result is the same for any number.
    """

    def __init__(self, options: ModelOptions, workers: int = 1) -> None:
        self._options, self._workers = options, workers
        self._first: tuple[tuple[int, bytes], FittedBlend] | None = None

    def fit(self, known: Compounds, seed: int) -> FittedBlend:
        """Train networks and forest, and calibrate them by folds of what is known."""
        key = (seed, known.assay.rows.tobytes())
        if self._first is not None and self._first[0] == key:
            return self._first[1]
        learner = CalibratedBlend(replace(self._options, seed=seed))
        part = Part(known, np.arange(len(known)))
        (fitted,) = learner.fit_parts([part], workers=self._workers)
        if self._first is None:
            self._first = key, fitted
        return fitted


class ModelShopper:
    """The model that `train` makes, and a rule of `pick`.

    Parameters
    ----------
    mode
        The rule.
    trainer
    diversity
        Of the rule `balance`.
    """

    def __init__(self, mode: Mode, trainer: Trainer, diversity: float = DIVERSITY) -> None:
        self._mode, self._trainer, self._diversity = mode, trainer, diversity
        self.fitted: FittedBlend | None = None

    def learn(self, known: Compounds, seed: int) -> None:
        """Train on compounds with their labels."""
        self.fitted = self._trainer.fit(known, seed)

    def choose(self, offered: Compounds, n: int, seed: int) -> list[int]:
        """Choose as `pick` does among hits that may all be bought."""
        assert self.fitted is not None
        seen = candidates(self.fitted, offered)
        limits = Limits(np.ones(len(offered), dtype=bool))
        return choose(
            self._mode, seen, n, limits, diversity=self._diversity, novelty=NOVELTY, seed=seed
        )

    def score(self, compounds: Compounds) -> NDArray[np.float64]:
        """Return log odds."""
        assert self.fitted is not None
        return self.fitted.logits(compounds, np.arange(len(compounds)))[:, 0]


def candidates(fitted: FittedBlend, offered: Compounds) -> Candidates:
    """Return what a model says of compounds on offer."""
    rows, known = np.arange(len(offered)), fitted.part
    active = known.labels[:, 0] == 1
    actives = known.compounds.fingerprints[known.rows[active]]
    encoded = encode(fitted.networks.encoder, offered, rows)
    return Candidates(
        fitted.logits(offered, rows)[:, 0],
        offered.fingerprints,
        nearest(offered.fingerprints, actives)[1],
        fitted.members(offered, rows)[:, :, 0],
        fitted.networks.ensemble.last_hidden(encoded),
    )


class ForestShopper:
    """A random forest on Morgan counts, whose best scores are bought."""

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers
        self.fitted: Fitted | None = None

    def learn(self, known: Compounds, seed: int) -> None:
        """Fit the forest."""
        learner = MODELS[FOREST].make(LearnerSettings(ModelOptions(seed=seed)))
        part = Part(known, np.arange(len(known)))
        (self.fitted,) = learner.fit_parts([part], workers=self._workers)

    def choose(self, offered: Compounds, n: int, seed: int) -> list[int]:
        """Take the best scores, of equals the first."""
        del seed
        return np.argsort(-self.score(offered), kind="stable")[:n].tolist()

    def score(self, compounds: Compounds) -> NDArray[np.float64]:
        """Return probabilities: log odds are infinite where all trees agree."""
        assert self.fitted is not None
        return expit(self.fitted.logits(compounds, np.arange(len(compounds)))[:, 0])


class ChanceShopper:
    """Draws, and learns nothing."""

    def learn(self, known: Compounds, seed: int) -> None:
        """Learn nothing."""

    def choose(self, offered: Compounds, n: int, seed: int) -> list[int]:
        """Draw n of them."""
        return np.random.default_rng(seed).permutation(len(offered))[:n].tolist()

    def score(self, compounds: Compounds) -> NDArray[np.float64]:
        """Return no number for any."""
        return np.full(len(compounds), np.nan)


def shopper(buyer: Buyer, trainer: Trainer, workers: int = 1) -> Shopper:
    """Return who buys under a name of `BUYERS`; rules of one repeat share a trainer."""
    if buyer == "chance":
        return ChanceShopper()
    if buyer == "forest":
        return ForestShopper(workers)
    return ModelShopper(buyer, trainer)


def replay(compounds: Compounds, plan: Plan, who: Shopper, batch: int, seed: int) -> Replayed:
    """Let a buyer learn and buy, turn by turn.

    Parameters
    ----------
    compounds
        All of the assay, of one task.
    plan
        What is known at the start, and from which turn on each other compound is on offer.
    who
        The buyer.
    batch
        Compounds bought a turn; fewer where fewer are on offer.
    seed
        Each turn has one of its own that follows from it.
    """
    known, bought = plan.start, list[Rows]()
    for turn in range(plan.turns):
        own = _seed_of(seed, turn)
        on_offer = np.setdiff1d(plan.offered(turn), known)
        chosen: list[int] = []
        if len(on_offer):
            who.learn(compounds.take(known), own)
            chosen = who.choose(_unlabelled(compounds, on_offer), batch, own)
        bought.append(on_offer[chosen])
        known = np.sort(np.concatenate([known, bought[-1]]))
    labels = compounds.labels[plan.judged, 0]
    if len(np.unique(labels)) < 2:
        return Replayed(bought, float("nan"))
    who.learn(compounds.take(known), _seed_of(seed, plan.turns))
    scores = who.score(_unlabelled(compounds, plan.judged))
    found = float("nan") if np.isnan(scores).any() else float(roc_auc_score(labels, scores))
    return Replayed(bought, found)


def _seed_of(seed: int, turn: int) -> int:
    return int(np.random.SeedSequence([seed, turn]).generate_state(1)[0] >> 1)


def _unlabelled(compounds: Compounds, rows: Rows) -> Compounds:
    """Return some compounds with all that is known of their structures, and no label or value."""
    taken = compounds.take(rows)
    nothing = np.full_like(taken.assay.labels, np.nan)
    taken.assay = replace(
        taken.assay, labels=nothing, values=np.full_like(taken.assay.values, np.nan)
    )
    return taken
