"""The manual's example of a deep network runs as printed, and every name on the page exists."""

import re
from pathlib import Path

import pytest
import torch

import ebm

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"


def section(title: str) -> str:
    return PAGE.read_text(encoding="utf-8").split(f"## {title}")[1].split("\n## ")[0]


def test_pretrain_fine_tune_and_save(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", section("The deep belief"), flags=re.DOTALL)
    names: dict = {}
    exec(compile(example, str(PAGE), "exec"), names)
    assert "FinetuneRecord(epoch=" in capsys.readouterr().out
    predicted = (names["probability"][:, 0] > 0.5).long()
    assert float((predicted == names["labels"][300:]).double().mean()) > 0.95
    stored = ebm.load("model.safetensors")
    rows = names["rows"]
    assert torch.equal(ebm.predict_logits(stored, rows), ebm.predict_logits(names["network"], rows))


def test_a_deep_boltzmann_machine(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", section("The deep Boltzmann"), flags=re.DOTALL)
    names: dict = {}
    exec(compile(example, str(PAGE), "exec"), names)
    assert "JointRecord(epoch=20" in capsys.readouterr().out
    predicted = ebm.predict_logits(names["network"], names["inputs"][300:]).argmax(1)
    assert float((predicted == names["labels"][300:]).double().mean()) > 0.95


def test_one_callback_in_every_training(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", section("The loop of"), flags=re.DOTALL)
    exec(compile(example, str(PAGE), "exec"), {})
    printed = [line.split("(epoch=")[0] for line in capsys.readouterr().out.splitlines()]
    assert printed == [
        *["Trainer EpochRecord"] * 3,
        *["UpDownTrainer UpDownRecord"] * 3,
        *["FineTuner FinetuneRecord"] * 3,
    ]


@pytest.mark.parametrize(
    "title",
    [
        "The loop of",
        "The deep belief",
        "The deep Boltzmann",
        "Fine-tuning",
        "Likelihood of large",
        "Files",
        "scikit-learn",
    ],
)
def test_every_name_of_the_page_exists(title):
    words = re.findall(r"`(?:ebm\.)?([A-Za-z_]+)\(", section(title))
    words += re.findall(r"`(?:ebm\.)?([A-Z][A-Za-z]+)`", section(title))
    places = (ebm.DBN, ebm.DBM, ebm.Network, ebm.Trainer, ebm.loop, ebm.storage, ebm.dbn, ebm.dbm)
    methods = {name for place in places for name in dir(place)}
    unknown = [word for word in words if not hasattr(ebm, word) and word not in methods]
    assert set(unknown) <= {"Pipeline", "GridSearchCV"}, unknown
