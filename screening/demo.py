"""The demo: hide compounds of known activity in a library and see whether the screen finds them."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.dataset as pds
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import roc_auc_score, roc_curve

from screening.assay import Assay, read_assay
from screening.chemistry import Failure, murcko_scaffold
from screening.errors import UserError
from screening.evaluation import bedroc, enrichment_factor, hits_in_top, scaffold_split
from screening.evaluation.wording import text_row
from screening.hits import score_parts
from screening.learners.options import FOREST
from screening.learners.voices import Seen
from screening.model import SHIPPED, ModelOptions, ScreeningModel, save_model, train_model
from screening.progress import Stages
from screening.report import write_report
from screening.report.panels.figures import enrichment
from screening.report.panels.quality import RETRIEVAL
from screening.runs import screen
from screening.samples import sample
from screening.tables import Announce, read_table, silent, write_atomically, write_csv

# One compound in five is held out, as whole scaffolds.
HELD_OUT = 0.2
# What the demo writes: only these are removed when it begins again.
WRITTEN = ("assay.csv", "library.csv", "known.csv", "model.ebm", "run")
TASK = "active"


@dataclass(frozen=True)
class Retrieval:
    """How well one model found the held-out actives.

    Attributes
    ----------
    name : str
        The model.
    roc_auc_held_out : float
        Among the held-out compounds alone, whose activity was measured.
    roc_auc, ef_1, ef_5, bedroc_20 : float
        In the whole library, every other compound taken as inactive.
    hits_in_top_100 : float
        Held-out actives among the best 100 of the library.
    roc_curve, enrichment_curve : pairs of lists
        False against true positive rate (held-out); share screened against share found (library).
    """

    name: str
    roc_auc_held_out: float
    roc_auc: float
    ef_1: float
    ef_5: float
    bedroc_20: float
    hits_in_top_100: float
    roc_curve: tuple[list[float], list[float]]
    enrichment_curve: tuple[list[float], list[float]]


@dataclass(frozen=True)
class DemoResult:
    """What the demo reached, and where its report is."""

    report: Path
    protocol: str
    retrievals: tuple[Retrieval, ...]

    def table(self) -> str:
        """Return the figures side by side, as plain text."""
        rows = [("", [found.name for found in self.retrievals])]
        rows += [
            (metric.name, [metric.text(getattr(found, metric.key)) for found in self.retrievals])
            for metric in RETRIEVAL
        ]
        lines = [text_row(head, cells, room=30, width=16) for head, cells in rows]
        return "\n".join([self.protocol, "", *lines])


def run_demo(
    folder: Path,
    *,
    seed: int = 0,
    workers: int = 1,
    begin_again: bool = False,
    options: ModelOptions | None = None,
    announce: Announce = silent,
    progress: bool = True,
) -> DemoResult:
    """Split, train, screen, compare and report.

    Parameters
    ----------
    folder
        Where everything is written: the tables as a user would have them, the model, the run.
    seed
        Of the split, the library's order, and the model.
    workers
        Processes.
    begin_again
        Remove what an earlier demo left in the folder.
    options
        Of the model, whose seed is set to `seed`; the defaults when None.
    announce
        Is told what is being done.
    progress
        Whether bars are shown.

    Raises
    ------
    UserError
        The folder holds other files, or an earlier demo and `begin_again` is not set.
    """
    make_room(folder, begin_again)
    announce("1/4  BACE-1 assay: holding out one compound in five, as whole scaffolds")
    known = hide(folder, seed)

    announce("2/4  training")
    assay = read_assay(folder / "assay.csv", smiles_column="smiles", id_column="id", targets=TASK)
    with Stages(progress) as stages:
        settings = replace(options or ModelOptions(), seed=seed)
        model = train_model(assay, settings, workers=workers, on_step=stages.step)
    save_model(model, folder / "model.ebm")

    announce("3/4  screening")
    run = folder / "run"
    screen(
        folder / "library.csv",
        folder / "model.ebm",
        run,
        report=False,
        workers=workers,
        progress=progress,
    )

    announce("4/4  the forest alone, and the report")
    scored = read_scores(run)
    forest = forest_beside(model, scored["smiles"].tolist())
    labels = scored["id"].map(known)
    retrievals = (
        judge(SHIPPED, labels, scored["score"].to_numpy()),
        judge("Random forest", labels, forest),
    )
    protocol = (
        f"{int((labels == 1).sum())} held-out actives and {int((labels == 0).sum())} held-out "
        f"inactives hidden among {int(labels.isna().sum()):,} library compounds (seed {seed})"
    )
    content = {
        "protocol": protocol,
        "models": [asdict(retrieval) for retrieval in retrievals],
        "known": known,
    }
    with write_atomically(run / "demo.json") as temporary:
        temporary.write_text(json.dumps(content), encoding="utf-8")
    (report,) = write_report(run, model)
    return DemoResult(report, protocol, retrievals)


def make_room(folder: Path, begin_again: bool) -> None:
    """Make an empty folder of the demo's own.

    Raises
    ------
    UserError
        It holds an earlier demo and may not begin again, or files that are not the demo's.
    """
    there = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    foreign = there - set(WRITTEN)
    if foreign:
        raise UserError(
            f"{folder} holds {sorted(foreign)[0]}, which is not the demo's; choose another."
        )
    if there and not begin_again:
        raise UserError(f"{folder} holds an earlier demo; give --force to begin again.")
    for name in there:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def hide(folder: Path, seed: int) -> dict[str, int]:
    """Write assay.csv, library.csv and known.csv; return the labels of the hidden compounds by ID.

    The library's rows carry no sign of where they come from: two columns, one random order.
    """
    assay = read_assay(sample("bace.csv"), smiles_column="mol", id_column="CID", targets="Class")
    split = scaffold_split([murcko_scaffold(mol) for mol in assay.mols], HELD_OUT, seed)
    training, hidden = assay.take(split.train), assay.take(split.test)
    collection = read_table(str(sample("wehi.csv.gz")))
    library = pd.DataFrame(
        {"smiles": collection.smiles + hidden.smiles, "id": collection.ids + hidden.ids}
    )
    order = np.random.default_rng(seed).permutation(len(library))
    tables = {
        "assay.csv": _labelled(training),
        "library.csv": library.iloc[order],
        "known.csv": _labelled(hidden),
    }
    for name, table in tables.items():
        write_csv(table, folder / name)
    return dict(zip(hidden.ids, hidden.labels[:, 0].astype(int).tolist(), strict=True))


def _labelled(assay: Assay) -> pd.DataFrame:
    labels = assay.labels[:, 0].astype(int)
    return pd.DataFrame({"smiles": assay.smiles, "id": assay.ids, TASK: labels})


def read_scores(run: Path) -> pd.DataFrame:
    """Return every scored row of a run, in input order."""
    parts = score_parts(run / "scores")
    table: pd.DataFrame = pds.dataset(parts).to_table(columns=["id", "smiles", "score"]).to_pandas()
    return table


def forest_beside(model: ScreeningModel, library: list[str]) -> NDArray[np.float64]:
    """Return what the model's own forest says alone of library structures, as probabilities.

    Raises
    ------
    ValueError
        The model is not blended with a forest.
    """
    forest = None if model.blend is None else model.blend.voices.get(FOREST)
    if forest is None:
        raise ValueError("the model has no forest")
    mols = [mol for mol in map(model.prepare, library) if not isinstance(mol, Failure)]
    raw = model.featurise(mols)
    seen = Seen(raw, model.encoder, model.encoder.encode(raw))
    return np.asarray(expit(forest.logits(seen)[:, 0]))


def judge(name: str, labels: pd.Series, scores: NDArray[np.float64]) -> Retrieval:
    """Compute the figures of one model.

    Parameters
    ----------
    name
        Of the model.
    labels
        1 and 0 of the hidden compounds, missing for the rest of the library.
    scores
        Probability of each library compound.
    """
    held_out = labels.notna().to_numpy()
    known = labels[held_out].to_numpy(dtype=float)
    everything = (labels == 1).to_numpy(dtype=float)
    false, true, _ = roc_curve(known, scores[held_out])
    screened, found = enrichment(everything, scores)
    points = np.unique(np.geomspace(1, len(scores), 200).astype(int))
    return Retrieval(
        name=name,
        roc_auc_held_out=float(roc_auc_score(known, scores[held_out])),
        roc_auc=float(roc_auc_score(everything, scores)),
        ef_1=enrichment_factor(everything, scores, 0.01),
        ef_5=enrichment_factor(everything, scores, 0.05),
        bedroc_20=bedroc(everything, scores),
        hits_in_top_100=hits_in_top(everything, scores, 100),
        roc_curve=(np.round(false, 5).tolist(), np.round(true, 5).tolist()),
        enrichment_curve=(
            np.round(screened[points], 6).tolist(),
            np.round(found[points], 5).tolist(),
        ),
    )
