"""`--device`: on a GPU the experiments learn as on the processor; without one, a sentence."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from screening.errors import UserError
from workflows.cli import main
from workflows.mnist.training.stages import CPU, ExperimentFolder

GPU = torch.cuda.is_available()


def experiment(path: Path, device: torch.device) -> ExperimentFolder:
    return ExperimentFolder(path, lambda _: None, lambda *_: None, device)


@pytest.mark.skipif(GPU, reason="there is a GPU")
def test_without_a_gpu_one_sentence_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["mnist", "dbm", "--quick", "--device", "cuda", "-o", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "finds no GPU" in said
    assert "--device cpu" in said


@pytest.mark.parametrize(("first", "then"), [("cpu", "meta"), ("meta", "cpu")])
def test_a_folder_is_not_continued_on_another_device(tmp_path: Path, first: str, then: str):
    settings = {"rows": 10}
    one = experiment(tmp_path, torch.device(first)).stage("a")
    other = experiment(tmp_path, torch.device(then)).stage("a")
    assert one.result(settings, lambda: 1) == one.result(settings, lambda: 2) == 1
    with pytest.raises(UserError, match="made with device"):
        other.result(settings, lambda: 3)


def test_settings_of_the_processor_name_no_device(tmp_path: Path):
    stage = experiment(tmp_path, CPU).stage("a")
    stage.result({"rows": 10}, lambda: 1)
    assert "device" not in stage.file(".json").read_text(encoding="utf-8")


@pytest.mark.skipif(not GPU, reason="NO GPU HERE: no experiment was tested on one")
@pytest.mark.usefixtures("_few_digits")
@pytest.mark.parametrize("name", ["rbm", "dbn", "dbm", "generative", "likelihood", "labels"])
def test_every_experiment_runs_on_a_gpu(name: str, tmp_path: Path):
    command = ["mnist", name, "--quick", "-n", "1", "-q", "--device", "cuda", "-o", str(tmp_path)]
    assert main(command) == 0
    tables = list((tmp_path / name).glob("summary*.csv"))
    assert tables
    assert all(pd.read_csv(table)["here_mean"].notna().all() for table in tables)
