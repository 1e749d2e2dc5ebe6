"""Held-out predictions: what calibration, conformal values, domain and quality rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from screening.assay import Assay
from screening.evaluation import Split, grouped_folds, logistic_scores
from screening.evaluation.baselines import HELD_OUT_TREES, fit_affordable_forest
from screening.features import Encoder, RawFeatures
from screening.jobs import in_processes
from screening.model.ensemble import Ensemble
from screening.model.ensembles import Trained
from screening.model.lessons import lessons
from screening.model.neighbours import Packed, nearest
from screening.model.options import ModelOptions, held_out_folds

FOREST = "Random forest"
LOGISTIC = "Logistic regression"
NEIGHBOUR = "1-nearest neighbour"


@dataclass
class HeldOut:
    """What models said of each compound without having seen its scaffold.

    Attributes
    ----------
    folds : int64 array of shape (n,)
        Which fold held the compound out.
    networks : float64 array of shape (n, n_tasks)
        Mean logits over the members.
    baselines : dict of str to float64 array of shape (n, n_tasks)
        Probabilities of the baselines on the same folds and features; NaN where a fold could not
        be trained on.
    novelties : float64 array of shape (n,)
    similarities : float32 array of shape (n,)
        To the nearest compound of the other folds.
    """

    folds: NDArray[np.int64]
    networks: NDArray[np.float64]
    baselines: dict[str, NDArray[np.float64]]
    novelties: NDArray[np.float64]
    similarities: NDArray[np.float32]


@dataclass
class Fold:
    """One fold: its split, and the compounds as its training part's encoders see them.

    Attributes
    ----------
    split : Split
    taught : float32 array of shape (n_train, n_tasks)
        Labels of the training part, as networks and forest learn them; NaN where missing.
    x_train, x_test : CSR
        For the networks.
    forest_train, forest_test : CSR
        For a forest.
    """

    split: Split
    taught: NDArray[np.float32]
    x_train: csr_matrix
    x_test: csr_matrix
    forest_train: csr_matrix
    forest_test: csr_matrix


def make_folds(
    raw: RawFeatures,
    assay: Assay,
    scaffolds: Sequence[str],
    options: ModelOptions,
    encoder: Encoder | None = None,
) -> list[Fold]:
    """Cut by scaffold, and encode each fold with what its training part alone teaches.

    An encoder that was learned on other compounds is used as it is. See `scaffold_folds`.
    """
    folds = []
    count = held_out_folds(options.folds, len(scaffolds))
    for split in scaffold_folds(scaffolds, assay.labels, count, options.seed):
        train, test = raw.take(split.train), raw.take(split.test)
        own = encoder or Encoder().fit(train.only(options.features))
        x_train, x_test = own.transform(train), own.transform(test)
        seen = forest_encoder(train, own, encoder, options)
        of_forest = seen.transform(train), seen.transform(test)
        taught = lessons(assay, split.train, options)
        folds.append(Fold(split, taught, x_train, x_test, *of_forest))
    return folds


def forest_encoder(
    train: RawFeatures, networks: Encoder, known: Encoder | None, options: ModelOptions
) -> Encoder:
    """Return the encoder of what a forest sees: the networks', where that is as good.

    It is not where the forest has blocks of its own, nor where the networks' columns (`known`) were
    learned on other compounds and may leave out substructures of these.
    """
    shared = known is None and set(options.blocks) == set(options.features)
    return networks if shared else Encoder().fit(train)


def scaffold_folds(
    scaffolds: Sequence[str], labels: NDArray[np.float32], n_folds: int, seed: int
) -> list[Split]:
    """Cut into at most `n_folds` folds that share no scaffold.

    Compounds without a ring have no scaffold and would be one group; each is its own. So is each
    compound of a series that makes up most of the assay (see `series_scaffold`).

    Parameters
    ----------
    scaffolds
        Of each compound.
    labels : array of shape (n, n_tasks)
        0, 1, or NaN where missing.
    n_folds, seed : int
    """
    series = series_scaffold(scaffolds)
    groups = [
        f"single {i}" if scaffold in ("", series) else scaffold
        for i, scaffold in enumerate(scaffolds)
    ]
    splits = grouped_folds(groups, labels, min(n_folds, len(set(groups))), seed)
    return [split for split in splits if len(split.train) and len(split.test)]


def series_scaffold(scaffolds: Sequence[str]) -> str | None:
    """Return the scaffold that more than half of the compounds share, or None.

    Held out as a whole it would leave too little to learn from.
    """
    scaffold, count = Counter(scaffolds).most_common(1)[0]
    return scaffold if scaffold and count > len(scaffolds) / 2 else None


def hold_out(
    folds: Sequence[Fold],
    trained: Sequence[Trained],
    labels: NDArray[np.float32],
    fingerprints: Packed,
    options: ModelOptions,
    workers: int,
    on_fold: Callable[[], None],
) -> HeldOut:
    """Score each fold's compounds with its ensemble, and with baselines that saw the same part."""
    n, n_tasks = labels.shape
    out = HeldOut(
        folds=np.zeros(n, dtype=np.int64),
        networks=np.full((n, n_tasks), np.nan),
        baselines={k: np.full((n, n_tasks), np.nan) for k in (FOREST, LOGISTIC, NEIGHBOUR)},
        novelties=np.zeros(n),
        similarities=np.zeros(n, dtype=np.float32),
    )
    jobs = _logistic_jobs(folds, labels, options.seed)
    with closing(in_processes(_logistic, jobs, workers)) as logistic:
        for number, (fold, own) in enumerate(zip(folds, trained, strict=True)):
            train, test = fold.split.train, fold.split.test
            out.folds[test] = number
            scored = Ensemble(own.members, fold.x_test.shape[1]).logits(fold.x_test)
            out.networks[test] = scored.mean(axis=0)
            out.novelties[test] = own.start.novelty(fold.x_test)
            _, out.similarities[test] = nearest(fingerprints[test], fingerprints[train])
            for task in range(n_tasks):
                rows = _known_rows(fold, labels[:, task])
                if rows is None:
                    continue
                out.baselines[LOGISTIC][test, task] = next(logistic)
                # As the final model has one beside its networks, but for the trees.
                forest = fit_affordable_forest(
                    fold.forest_train[rows],
                    fold.taught[rows, task],
                    seed=options.seed,
                    trees=HELD_OUT_TREES,
                    workers=workers,
                )
                out.baselines[FOREST][test, task] = forest.predict(fold.forest_test)
                index, similarity = nearest(fingerprints[test], fingerprints[train[rows]])
                # The more similar the neighbour, the more its label counts.
                label = labels[train[rows], task][index]
                out.baselines[NEIGHBOUR][test, task] = 0.5 + (label - 0.5) * similarity
            on_fold()
    return out


def _known_rows(fold: Fold, labels: NDArray[np.float32]) -> NDArray[np.int64] | None:
    """Return the training part's rows that have a label of a task; None if of one class only."""
    own = labels[fold.split.train]
    known = np.flatnonzero(~np.isnan(own))
    return known if len(np.unique(own[known])) == 2 else None


def _logistic_jobs(
    folds: Sequence[Fold], labels: NDArray[np.float32], seed: int
) -> Iterator[tuple[csr_matrix, NDArray[np.float32], csr_matrix, int]]:
    for fold in folds:
        for column in labels.T:
            rows = _known_rows(fold, column)
            if rows is not None:
                yield fold.x_train[rows], column[fold.split.train[rows]], fold.x_test, seed


def _logistic(
    x: csr_matrix, y: NDArray[np.float32], x_test: csr_matrix, seed: int
) -> NDArray[np.float64]:
    return logistic_scores(x, y, x_test, seed=seed)
