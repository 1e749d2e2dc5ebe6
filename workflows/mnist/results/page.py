"""One HTML page with the tables and figures of all workflows that a folder holds."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path

import jinja2
import pandas as pd

from screening.tables import write_atomically
from workflows.mnist.digits import PIXELS

# Folder, title with a place for the layers that were trained, and the figures in their order with a
# sentence each.
SECTIONS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "rbm",
        "RBM {layers}",
        (
            ("curves-document.png", "Without and with pretraining, the document's protocol."),
            ("curves-logits.png", "The same with one softmax instead of two."),
            ("curves-sound.png", "Without and with pretraining, a sound protocol."),
            ("digits.png", "Test digits, their hidden means, and their reconstruction."),
            ("filters.png", "Incoming weights of the hidden units with the longest ones."),
            ("fantasies.png", "Chains from test digits, after more and more Gibbs sweeps."),
        ),
    ),
    (
        "dbn",
        "DBN {layers}",
        (
            ("curves-document.png", "Without and with pretraining, the document's protocol."),
            ("curves-logits.png", "The same with one softmax instead of two."),
            ("curves-sound.png", "Without and with pretraining, a sound protocol."),
            ("digits.png", "Hidden means of each layer, and the way back down from each."),
            ("filters.png", "Incoming weights of the first layer."),
            ("fantasies.png", "Chains in the top machine, taken down to pixels."),
        ),
    ),
    (
        "generative",
        "Generative DBN {layers} with joint labels",
        (
            ("digits.png", "Digits of each class: the label is held fixed."),
            ("movie.png", "One chain of each class, from noise to a digit."),
        ),
    ),
    (
        "tutorial",
        "DBN {layers}, tutorial preset",
        (("fantasies.png", "Chains in the top machine before fine-tuning."),),
    ),
    (
        "best",
        "The best permutation-invariant network: DBN {layers}",
        (("filters.png", "Incoming weights of the first layer before fine-tuning."),),
    ),
    (
        "dbm",
        "Deep Boltzmann machine {layers}",
        (
            ("curves.png", "Test error after fine-tuning, and the bound, over joint training."),
            ("chains.png", "Chains from test digits, after more and more Gibbs sweeps."),
            ("filters.png", "Incoming weights of the first layer."),
        ),
    ),
    (
        "likelihood",
        "Log-likelihood",
        (("samples.png", "Chains that began at test digits, 1,000 sweeps later."),),
    ),
    ("labels", "Accuracy against number of labels", (("labels.png", "Mean over the seeds."),)),
)


@dataclass(frozen=True)
class Picture:
    """A figure as data, and what it shows."""

    data: str
    caption: str


@dataclass(frozen=True)
class PageSection:
    """What one workflow left."""

    title: str
    head: list[str]
    rows: list[list[str]]
    pictures: list[Picture]


def write_page(folder: Path, command: str) -> Path:
    """Write `mnist.html` from the workflows' folders that are there; returns its path.

    Parameters
    ----------
    folder : Path
        With a folder for each workflow.
    command : str
        That repeats it, shown at the end.
    """
    sections = [
        _section(folder / name, title, pictures)
        for name, title, pictures in SECTIONS
        if any((folder / name).glob("summary*.csv"))
    ]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    html = environment.get_template("page.html").render(sections=sections, command=command)
    path = folder / "mnist.html"
    with write_atomically(path) as temporary:
        temporary.write_text(html, encoding="utf-8")
    return path


def _section(folder: Path, title: str, pictures: tuple[tuple[str, str], ...]) -> PageSection:
    parts = [
        pd.read_csv(path, dtype=str, keep_default_na=False)
        for path in sorted(folder.glob("summary*.csv"))
    ]
    table = pd.concat(parts).drop_duplicates()
    shown = table.rename(
        columns={"here_mean": "here", "here_standard_deviation": "± over seeds", "what": ""}
    )
    return PageSection(
        title=title.format(layers=_layers(folder)),
        head=list(shown.columns),
        rows=[[_short(cell) for cell in row] for row in shown.to_numpy().tolist()],
        pictures=[
            Picture(base64.b64encode((folder / name).read_bytes()).decode(), caption)
            for name, caption in pictures
            if (folder / name).is_file()
        ],
    )


def _layers(folder: Path) -> str:
    """Return the layers of the machine that was trained: a quick look trains a smaller one."""
    for path in sorted((folder / "stages").glob("seed-*.json")):
        layers = json.loads(path.read_text(encoding="utf-8"))["settings"].get("layers")
        if layers:
            return "-".join(map(str, (PIXELS, *layers)))
    return ""


def _short(cell: str) -> str:
    """Four decimals are enough for a reader; the CSV has more."""
    try:
        return cell if len(cell) <= 6 else f"{float(cell):.4f}"
    except ValueError:
        return cell
