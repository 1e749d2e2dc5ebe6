"""A small model trained through the command line, and a way to run commands in this process."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.quick import small_models
from workflows.cli import main

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"
QUICK = ["--ensemble-size", "1", "--epochs", "4", "-n", "1"]
# Where neither the forest of the model nor its many features matter.
CHEAP = [*QUICK, "--blend", "none", "--features", "morgan_counts"]
# Of what a command line does not set.
SMALL = {"hidden": (64, 32), "pretrain_epochs": 1, "folds": 3}


@pytest.fixture(scope="module", autouse=True)
def _small():
    with small_models(SMALL):
        yield


@dataclass
class Done:
    """What a command left on the terminal."""

    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process and return what a user would see."""

    def call(*words: object) -> Done:
        status = main([str(word) for word in words])
        out, err = capfd.readouterr()
        return Done(status, out, err)

    return call


@pytest.fixture(scope="session")
def assay(make_once) -> Path:
    """120 compounds of BACE-1 under the user's own column names."""
    return make_once("assay.csv", _write_assay)


def _write_assay(path: Path) -> None:
    with (SAMPLES / "bace.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[::12]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Compound Code", "Drawn structure", "hit?", "pIC50"])
        for row in rows:
            writer.writerow([row["CID"], row["mol"], row["Class"], row["pIC50"]])


@pytest.fixture(scope="session")
def model(assay: Path, make_once) -> Path:
    """A model of that assay."""

    def train(path: Path) -> None:
        words = ["-o", str(path), "--id-column", "Compound Code", "-t", "hit?", *QUICK]
        with small_models(SMALL):
            assert main(["train", str(assay), *words]) == 0

    return make_once("model.ebm", train)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library with good rows, bad rows and awkward cells."""
    path = tmp_path / "library.csv"
    path.write_text(
        "name,smiles,price,score\n"
        'A-1,CC(=O)Oc1ccccc1C(=O)O,"1,50",x\n'
        "A-2,not a molecule,2,x\n"
        '"<script>alert(1)</script>",Cn1c(=O)c2c(ncn2C)n(C)c1=O,3,x\n'
        '"two\nlines",CC(C)Cc1ccc(cc1)C(C)C(=O)O,4,=cmd()\n'
        "A-5,,5,x\n"
        "A-6,c1ccccc1.Cl,6,x\n",
        encoding="utf-8",
    )
    return path
