"""Baseline models as learners: one plain model a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import logit
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from screening.jobs import in_processes
from screening.learners.compounds import Compounds, Rows
from screening.learners.forest.fit import fit_dense
from screening.learners.learner import Fitted, Logits, Part, encode
from screening.learners.networks import Networks
from screening.progress import OnStep, ignore_steps
from screening.trust.neighbours import nearest

FOREST_TREES = 500
# What boosted trees get beside counts: numbers that say what no fingerprint bit does.
BOOSTED = ("morgan_counts", "descriptors")
# The strongest cheap model known, as the field has it.
CATBOOST = ("morgan_counts", "avalon", "erg", "rdkit_descriptors")

# What a model of one task sees of some compounds.
See = Callable[[Compounds, Rows], Any]


@dataclass(frozen=True)
class FittedClassifiers:
    """One scikit-learn classifier a task, and what they see of a compound.

    Attributes
    ----------
    classifiers : tuple
        None for a task of which the compounds had one class only.
    see : callable
    """

    classifiers: tuple[Any, ...]
    see: See

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return log odds of being active, shape (n_rows, n_tasks); NaN for a task without."""
        x = self.see(compounds, rows)
        out = np.full((len(rows), len(self.classifiers)), np.nan)
        for column, classifier in zip(out.T, self.classifiers, strict=True):
            if classifier is not None:
                column[:] = logit(classifier.predict_proba(x)[:, 1])
        return out


@dataclass(frozen=True)
class Logistic:
    """Logistic regression on what the networks see.

    Attributes
    ----------
    networks : Networks
    """

    networks: Networks

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[Fitted]:
        """Yield the regressions of each part, fitted beside each other."""
        seed = self.networks.options.seed
        jobs = (
            (part.encoded(self.networks.encoder(part))[rows], part.labels[rows, task], seed)
            for part in parts
            for task in range(part.labels.shape[1])
            if (rows := part.labelled(task)) is not None
        )
        fitted = in_processes(_fit_logistic, jobs, workers)
        for done, part in enumerate(parts, start=1):
            encoder = self.networks.encoder(part)
            found = tuple(
                None if part.labelled(task) is None else next(fitted)
                for task in range(part.labels.shape[1])
            )
            on_step("logistic regressions", done, len(parts))

            def see(compounds: Compounds, rows: Rows, encoder: Any = encoder) -> csr_matrix:
                return encode(encoder, compounds, rows)

            yield FittedClassifiers(found, see)


def _fit_logistic(x: csr_matrix, y: NDArray[np.float32], seed: int) -> LogisticRegression:
    # There is one optimum; this solver comes nearer to it than the default, in a third of the time.
    return LogisticRegression(C=0.1, solver="newton-cg", tol=1e-5, random_state=seed).fit(x, y)


@dataclass(frozen=True)
class Classifiers:
    """A learner that gives every task of a part a classifier of its own.

    Attributes
    ----------
    make : callable
        Fits one: x, y and the number of workers.
    see : callable
        Returns what it sees of some compounds.
    """

    make: Callable[[Any, NDArray[np.float32], int], Any]
    see: See

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[Fitted]:
        """Yield the classifiers of each part."""
        for done, part in enumerate(parts, start=1):
            x = self.see(part.compounds, part.rows)
            found = []
            for task, labels in enumerate(part.labels.T):
                rows = part.labelled(task)
                found.append(None if rows is None else self.make(x[rows], labels[rows], workers))
            on_step("baselines", done, len(parts))
            yield FittedClassifiers(tuple(found), self.see)


def morgan_forest(seed: int) -> Classifiers:
    """Return a forest on Morgan counts: scikit-learn's defaults, and 500 trees."""

    def make(x: csr_matrix, y: NDArray[np.float32], workers: int) -> RandomForestClassifier:
        forest = RandomForestClassifier(FOREST_TREES, random_state=seed, n_jobs=workers)
        return fit_dense(forest, x, y)

    return Classifiers(make, counts)


def counts(compounds: Compounds, rows: Rows) -> csr_matrix:
    """Return the Morgan counts of some compounds."""
    return compounds.raw(["morgan_counts"]).sparse["morgan_counts"][rows].astype(np.float32)


def boosting(seed: int) -> Classifiers:
    """Return scikit-learn's histogram boosting on Morgan counts and descriptors."""

    def make(x: NDArray[np.float32], y: NDArray[np.float32], workers: int) -> Any:
        del workers
        # Its threads wait for each other in a loop: on a busy machine more of them are slower.
        with threadpool_limits(1):
            return HistGradientBoostingClassifier(random_state=seed).fit(x, y)

    return Classifiers(make, side_by_side(BOOSTED))


def catboost(seed: int) -> Classifiers:
    """Return CatBoost on Morgan and Avalon counts, ErG and all RDKit descriptors."""

    def make(x: NDArray[np.float32], y: NDArray[np.float32], workers: int) -> Any:
        # Not among our dependencies, and without types: looked up when asked for.
        classifier: Any = import_module("catboost").CatBoostClassifier
        model = classifier(
            random_seed=seed, thread_count=workers, verbose=False, allow_writing_files=False
        )
        return model.fit(x, y)

    return Classifiers(make, side_by_side(CATBOOST))


def side_by_side(names: Sequence[str]) -> See:
    """Return what sees feature blocks of compounds in one dense matrix, in the order given."""

    def see(compounds: Compounds, rows: Rows) -> NDArray[np.float32]:
        taken = compounds.raw(names).take(rows)
        blocks = [block.toarray() for block in taken.sparse.values()] + list(taken.dense.values())
        return np.concatenate(blocks, axis=1, dtype=np.float32)

    return see


@dataclass(frozen=True)
class FittedNeighbour:
    """The labelled compounds of each task.

    Attributes
    ----------
    part : Part
    """

    part: Part

    def logits(self, compounds: Compounds, rows: Rows) -> Logits:
        """Return log odds: the more similar the neighbour, the more its label counts."""
        known = self.part.compounds.fingerprints[self.part.rows]
        out = np.full((len(rows), self.part.labels.shape[1]), np.nan)
        for task, column in enumerate(out.T):
            labelled = self.part.labelled(task)
            if labelled is not None:
                index, similarity = nearest(compounds.fingerprints[rows], known[labelled])
                label = self.part.labels[labelled, task][index].astype(np.float64)
                column[:] = logit(0.5 + (label - 0.5) * similarity)
        return out


@dataclass(frozen=True)
class Neighbour:
    """The learner of the label of the most similar compound."""

    def fit_parts(
        self, parts: Sequence[Part], *, workers: int = 1, on_step: OnStep = ignore_steps
    ) -> Iterator[Fitted]:
        """Yield one for each part: there is nothing to learn but the compounds themselves."""
        del workers, on_step
        for part in parts:
            yield FittedNeighbour(part)
