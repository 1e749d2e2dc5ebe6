"""Every MNIST workflow with --quick: its files, its tables, its accuracy, and its resume."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.same_bytes import same_bytes
from workflows.cli import main
from workflows.mnist.training import stages

pytestmark = pytest.mark.usefixtures("_few_digits")
QUICK = ["--quick", "-n", "1", "-q"]


def summary(folder: Path, name: str) -> pd.Series:
    table = pd.read_csv(folder / name)
    return table.set_index("what")["here_mean"]


def test_every_experiment_learns_a_little_from_few_digits(folder: Path):
    """Whoever guesses is wrong in 90 %. `test_learned.py` asks for more, of more digits."""
    for name in ("rbm", "dbn"):
        found = summary(folder, f"{name}/summary-document.csv")
        assert found["test accuracy with pretraining"] > 0.18, name
    for name in ("tutorial", "best", "dbm", "generative"):
        errors = summary(folder, f"{name}/summary.csv")
        assert errors[errors.index.str.startswith("test error")].iloc[-1] < 80, name
    table = pd.read_csv(folder / "likelihood" / "likelihood.csv").set_index("model")
    base = table.loc["independent bits", "from_ais_nats"]
    assert -210 < base < -190
    assert table.loc["mixture of 10 Bernoullis", "from_ais_nats"] > base + 15
    machines = table[table.index.str.startswith("RBM-32 ")]
    assert (machines["from_ais_nats"] > base - 2).tolist() == [True] * 4
    assert ((machines["from_ais_nats"] - machines["from_reverse_nats"]).abs() < 1).all()
    labels = pd.read_csv(folder / "labels" / "labels.csv").groupby("labels")["accuracy"].mean()
    assert labels[1000] > labels[100] > 0.5


def test_the_documents_protocol_is_told_and_its_loss_has_a_floor(folder: Path):
    table = pd.read_csv(folder / "rbm" / "summary-document.csv")
    assert set(table["protocol"]) == {"CD-1, 6 epochs", "document, 8 epochs"}
    document = pd.read_csv(folder / "rbm" / "epochs-document.csv")
    sound = pd.read_csv(folder / "rbm" / "epochs-sound.csv")
    assert document["train_loss_nats"].min() > 1.4611
    assert sound["train_loss_nats"].min() < 1.4611
    assert document["validation_accuracy"].isna().all()
    assert sound["validation_accuracy"].notna().all()


def test_numbers_of_another_size_are_no_comparison(folder: Path):
    compared = pd.read_csv(folder / "likelihood" / "summary.csv").set_index("what")["documented"]
    assert compared["test log-likelihood, RBM-32 CD-25, nats"] == "-"


def test_likelihoods_of_two_seeds_are_told_each_and_compared_together(tmp_path: Path):
    command = ["mnist", "likelihood", *QUICK, "--seeds", "2", "--epochs", "1", "-o", str(tmp_path)]
    assert main(command) == 0
    table = pd.read_csv(tmp_path / "likelihood" / "likelihood.csv")
    values = table.pivot(index="model", columns="seed", values="from_ais_nats")
    assert list(values.columns) == [0, 1]
    assert values.loc["independent bits", 0] != values.loc["independent bits", 1]  # other bits
    found = summary(tmp_path, "likelihood/summary.csv")
    both = found["test log-likelihood, mixture of 10 Bernoullis, nats"]
    assert both == pytest.approx(values.loc["mixture of 10 Bernoullis"].mean(), abs=0.01)


def test_the_page_has_every_figure_and_asks_for_nothing(folder: Path):
    page = (folder / "mnist.html").read_text(encoding="utf-8")
    pictures = list(folder.rglob("*.png"))
    assert page.count("data:image/png;base64,") == len(pictures) - 2  # two fantasies, not shown
    assert not re.search(r"(src|href|url)\s*[=(]\s*[\"']?http", page)
    # The layers are those that a quick look trains.
    for title in (
        "RBM 784-128",
        "DBN 784-128-128-64-10",
        "Generative DBN 784-64-64-128 with joint labels",
        "DBN 784-100-100-100, tutorial preset",
        "DBN 784-100-100-100",
        "Deep Boltzmann machine 784-48-64",
        "Log-likelihood",
        "Accuracy against number of labels",
    ):
        assert f"{title}</h2>" in page


def test_a_second_run_computes_nothing_and_says_the_same(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    shutil.copytree(folder / "rbm", tmp_path / "rbm")
    folder = tmp_path
    kept = folder / "rbm" / "stages"
    before = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    first = (folder / "rbm" / "summary-document.csv").read_bytes()
    capsys.readouterr()
    assert main(["mnist", "rbm", *QUICK, "-o", str(folder)]) == 0
    assert {path.name: path.stat().st_mtime_ns for path in kept.iterdir()} == before
    assert same_bytes(folder / "rbm" / "summary-document.csv", first)
    said = capsys.readouterr().out
    assert "epoch   8/  8 train loss" in said
    assert "epoch   6/  6 train loss" in said


def test_other_settings_for_the_same_folder_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["mnist", "rbm", *QUICK, "--pretrain-epochs", "2", "-o", str(folder)]) == 1
    assert "was made with options" in capsys.readouterr().err


def test_a_lost_stage_is_computed_again_to_the_same_bits(folder: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(folder / "rbm", copy / "rbm")
    lost = copy / "rbm" / "stages" / "seed-0-pretraining.safetensors"
    content = lost.read_bytes()
    lost.unlink()
    assert main(["mnist", "rbm", *QUICK, "-o", str(copy)]) == 0
    assert same_bytes(lost, content)


class KilledError(Exception):
    """Stands for a kill in the middle of a training."""


def kill_at_step(count: int, arguments: list[str]) -> None:
    """Run a command with a checkpoint every 5 minibatches, and kill it after so many."""
    steps = []

    def kill(self: stages.StepProgress, trainer: object) -> None:
        steps.append(1)
        if len(steps) == count:
            raise KilledError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(stages, "STEPS_BETWEEN_CHECKPOINTS", 5)
        patched.setattr(stages.StepProgress, "on_step_end", kill)
        with pytest.raises(KilledError):
            main(arguments)


def without_seconds(path: Path) -> pd.DataFrame:
    return pd.read_csv(path).drop(columns="seconds")


def test_a_killed_pretraining_continues_to_the_same_bits(folder: Path, tmp_path: Path):
    # Of the training after it, one epoch is enough.
    command = ["mnist", "rbm", *QUICK, "--epochs", "1", "-o", str(tmp_path)]
    kill_at_step(28, command)
    kept = tmp_path / "rbm" / "stages"
    assert [path.name for path in kept.iterdir()] == ["seed-0-pretraining.resume"]
    assert main(command) == 0
    assert not list(kept.glob("*.resume"))
    name = "rbm/stages/seed-0-pretraining.safetensors"
    assert same_bytes(tmp_path / name, folder / name)
    # The epochs before the kill are in the table too, with the seconds they took.
    table = "rbm/pretraining.csv"
    pd.testing.assert_frame_equal(
        without_seconds(tmp_path / table), without_seconds(folder / table)
    )


@pytest.mark.parametrize(
    ("experiment", "stage", "arguments"),
    [
        ("tutorial", "seed-0-finetuning", ["dbn", "--preset", "tutorial"]),
        ("generative", "seed-0-up-down-1", ["generative", "--epochs", "8"]),
    ],
)
def test_a_killed_training_continues_to_the_same_bits_and_epochs(
    folder: Path, tmp_path: Path, experiment: str, stage: str, arguments: list[str]
):
    """Killed in its second epoch, after the checkpoint at the end of the first one."""
    for name in ("whole", "killed"):
        target = tmp_path / name / experiment / "stages"
        shutil.copytree(folder / experiment / "stages", target)
        for path in target.iterdir():
            if "finetuning" in path.name or "up-down" in path.name:
                path.unlink()
    command = ["mnist", *arguments, *QUICK, "-o"]
    assert main([*command, str(tmp_path / "whole")]) == 0
    kill_at_step(17, [*command, str(tmp_path / "killed")])
    assert (tmp_path / "killed" / experiment / "stages" / f"{stage}.resume").is_file()
    assert main([*command, str(tmp_path / "killed")]) == 0
    whole, killed = (tmp_path / name / experiment for name in ("whole", "killed"))
    weights = sorted(path.name for path in whole.glob("stages/*.safetensors"))
    assert weights == sorted(path.name for path in killed.glob("stages/*.safetensors"))
    for name in weights:
        assert same_bytes(killed / "stages" / name, whole / "stages" / name)
    pd.testing.assert_frame_equal(
        without_seconds(killed / "epochs.csv"), without_seconds(whole / "epochs.csv")
    )


def test_a_training_tells_its_minibatches(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    shutil.copytree(folder / "labels", tmp_path / "labels")
    (tmp_path / "labels" / "stages" / "seed-0-labels-100-with.json").unlink()
    assert main(["mnist", "labels", "--quick", "-n", "1", "-o", str(tmp_path)]) == 0
    assert "labels seed-0-labels-100-with: 400 of 400" in capsys.readouterr().err


def test_a_damaged_stage_is_named(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    copy = tmp_path / "copy"
    shutil.copytree(folder / "rbm", copy / "rbm")
    (copy / "rbm" / "stages" / "seed-0-pretraining.json").write_text("{")
    assert main(["mnist", "rbm", *QUICK, "-o", str(copy)]) == 1
    assert "seed-0-pretraining.json is damaged" in capsys.readouterr().err


def test_a_resume_file_of_something_else_is_named_with_what_to_do(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    copy = tmp_path / "copy"
    shutil.copytree(folder / "rbm", copy / "rbm")
    stage = copy / "rbm" / "stages" / "seed-0-pretraining.json"
    stage.unlink()
    shutil.copy(stage.with_suffix(".safetensors"), stage.with_suffix(".resume"))
    assert main(["mnist", "rbm", *QUICK, "-o", str(copy)]) == 1
    said = capsys.readouterr().err
    assert "seed-0-pretraining.resume" in said
    assert "begin anew" in said


def test_missing_digits_are_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = str(tmp_path / "out")
    assert main(["mnist", "rbm", *QUICK, "--mnist-dir", str(tmp_path), "-o", out]) == 1
    assert "--download" in capsys.readouterr().err
