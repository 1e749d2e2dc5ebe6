"""The chemical-space map: principal components of what the first RBM makes of each molecule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.dataset as pds
from numpy.typing import NDArray
from rdkit import Chem
from scipy.sparse import csr_matrix

from screening.hits import score_parts
from screening.model import ScreeningModel
from screening.report.panels.plots import (
    INK,
    SERIES,
    SOFT,
    Plot,
    places_of,
    plot_axes,
    plot_of,
    scatter,
)
from screening.report.panels.training_view import TrainingView, molecules_of

LIBRARY_ROWS = 1000
HITS = "hits"

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Components:
    """The two directions in which points differ most.

    Attributes
    ----------
    centre : array of shape (n_columns,)
    directions : array of shape (2, n_columns)
        Of length 1; the largest entry of each is positive.
    shares : array of shape (2,)
        Of the points' variance, along each.
    """

    centre: Points
    directions: Points
    shares: Points

    @classmethod
    def of(cls, points: Points) -> Components:
        """Return the principal components of at least two points, by the singular values."""
        centre = points.mean(axis=0)
        _, lengths, directions = np.linalg.svd(points - centre, full_matrices=False)
        first = directions[:2]
        signs = np.sign(first[np.arange(len(first)), np.abs(first).argmax(axis=1)])
        variance = lengths**2
        return cls(centre, first * signs[:, None], variance[:2] / max(variance.sum(), 1e-300))

    def places(self, points: Points) -> Points:
        """Return where points lie along both, shape (n, 2)."""
        return np.asarray((points - self.centre) @ self.directions.T)


def space_map(
    model: ScreeningModel,
    view: TrainingView,
    task: int,
    hits: Sequence[Chem.Mol] = (),
    scores: Path | None = None,
) -> Plot | None:
    """Return the map of assay, library and hits, or None where there are too few compounds.

    Its `places` are those of the hits, in their order.

    Parameters
    ----------
    model
    view
        Training compounds; the axes are theirs.
    task
        Whose actives are told from inactives.
    hits
        Standardised molecules.
    scores
        Folder of the scored rows, of which some are shown.
    """
    if len(view.mols) < 3:
        return None
    known = hidden_means(model, view.x)
    axes_of = Components.of(known)
    labels = model.training.labels[view.index, task]
    places = axes_of.places(known)
    layers: list[tuple[str, Points, str, float, str]] = []
    if scores is not None:
        library = _points(model, axes_of, library_sample(model, scores))
        layers.append(("library (sample)", library, SOFT, 5, "o"))
    layers += [
        ("assay, inactive", places[labels == 0], SERIES[1], 7, "v"),
        ("assay, active", places[labels == 1], SERIES[0], 7, "^"),
    ]
    if hits:
        layers.append((HITS, _points(model, axes_of, hits), INK, 6, "x"))
    return _draw(layers, axes_of.shares)


def hidden_means(model: ScreeningModel, x: csr_matrix) -> Points:
    """Return E[h | v] of the novelty RBM, which sees every column; shape (n, n_hidden)."""
    return model.novelty.rbm.hidden_mean(x)


def library_sample(model: ScreeningModel, scores: Path, most: int = LIBRARY_ROWS) -> list[Chem.Mol]:
    """Read every so many-th scored row again, about `most` of them."""
    parts = score_parts(scores)
    if not parts:
        return []
    rows = pds.dataset(parts)
    total = rows.count_rows()
    chosen = np.arange(0, total, max(1, -(-total // most)))
    smiles = rows.take(chosen, columns=["smiles"])["smiles"].to_pylist()
    return molecules_of(model, smiles)[0]


def _points(model: ScreeningModel, axes_of: Components, mols: Sequence[Chem.Mol]) -> Points:
    if not mols:
        return np.zeros((0, 2))
    x = model.encoder.transform(model.featurise(list(mols)))
    return axes_of.places(hidden_means(model, x))


def _draw(layers: list[tuple[str, Points, str, float, str]], shares: NDArray[np.float64]) -> Plot:
    with plot_axes(width=5.2, height=3.9) as axes:
        for name, points, colour, size, marker in layers:
            scatter(axes, name, points, colour, size, marker)
        axes.set_xlabel(f"first component ({100 * shares[0]:.0f} % of the variance)")
        axes.set_ylabel(f"second component ({100 * shares[1]:.0f} %)")
        # Below the plot: the clouds fill all of it.
        axes.legend(
            loc="upper center",
            bbox_to_anchor=(0.5, -0.16),
            ncols=2,
            handlelength=1.2,
            markerscale=2,
        )
        counts = ", ".join(f"{len(points):,} {name}" for name, points, *_ in layers)
        caption = (
            "Each molecule is placed by what the first RBM’s hidden units make of it; the axes are "
            "the two directions in which the assay’s compounds differ most. Library far from every "
            "assay compound is foreign to the model."
        )
        hits = [points for name, points, *_ in layers if name == HITS]
        title = "Assay, library and hits" if hits else "The assay’s compounds"
        plot = plot_of(axes, "space", title, f"{counts}.", caption)
        return replace(plot, places=places_of(axes, hits[0])) if hits else plot
