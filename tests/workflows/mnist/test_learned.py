"""What every MNIST workflow learns with --quick; `test_experiments.py` looks at the rest."""

from pathlib import Path

import pandas as pd
import pytest

from tests.workflows.mnist.test_experiments import summary

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("name", ["rbm", "dbn"])
def test_the_documents_experiments_learn_and_say_what_they_follow(learned: Path, name: str):
    document = summary(learned, f"{name}/summary-document.csv")
    assert document["test accuracy with pretraining"] > 0.85
    assert document["test accuracy without pretraining"] > 0.85
    sound = summary(learned, f"{name}/summary-sound.csv")
    assert sound["test accuracy with pretraining"] > 0.85
    table = pd.read_csv(learned / name / "summary-document.csv")
    assert set(table["protocol"]) == {"CD-1, 6 epochs", "document, 8 epochs"}
    errors = document[document.index.str.startswith("reconstruction error 784")]
    sampled, mean_field = errors.iloc[0], errors.iloc[1]
    assert 0.037 < sampled < 0.131
    assert mean_field < sampled


def test_the_documents_loss_has_its_floor_and_the_sound_one_has_not(learned: Path):
    document = pd.read_csv(learned / "rbm" / "epochs-document.csv")
    sound = pd.read_csv(learned / "rbm" / "epochs-sound.csv")
    assert document["train_loss_nats"].min() > 1.4611
    assert sound["train_loss_nats"].min() < 1
    assert document["validation_accuracy"].isna().all()
    assert sound["validation_accuracy"].notna().all()


def test_the_tutorials_and_the_best_network_learn(learned: Path):
    for name in ("tutorial", "best"):
        assert summary(learned, f"{name}/summary.csv")["test error, %"] < 25


def test_the_generative_network_classifies_by_free_energy(learned: Path):
    found = summary(learned, "generative/summary.csv")
    assert found["test error after greedy training, %"] < 35
    assert found["test error after up-down, digits held out, %"] < 35
    assert found["test error after up-down, at last on all digits, %"] < 35


def test_the_deep_boltzmann_machine_learns_jointly(learned: Path):
    table = pd.read_csv(learned / "dbm" / "milestones.csv")
    assert table["epochs"].tolist() == [0, 1, 2]
    bounds = (table["bound_from_ais_nats"] + table["bound_from_reverse_nats"]) / 2
    assert bounds.iloc[2] > bounds.iloc[0] + 5
    assert bounds.iloc[2] > -200  # independent bits have -206
    assert summary(learned, "dbm/summary.csv")["test error, %"] < 40
    epochs = pd.read_csv(learned / "dbm" / "epochs.csv")
    assert epochs["epoch"].tolist() == [1, 2]


def test_machines_beat_independent_bits_and_their_brackets_close(learned: Path):
    table = pd.read_csv(learned / "likelihood" / "likelihood.csv").set_index("model")
    base = table.loc["independent bits", "from_ais_nats"]
    assert -210 < base < -200
    assert table.loc["mixture of 10 Bernoullis", "from_ais_nats"] > base + 20
    for name in ("CD-1", "CD-25", "PCD", "tempering"):
        row = table.loc[f"RBM-32 {name}"]
        assert row["from_ais_nats"] > base + 5
        assert abs(row["from_ais_nats"] - row["from_reverse_nats"]) < 1
    # Numbers of another size are no comparison.
    compared = pd.read_csv(learned / "likelihood" / "summary.csv").set_index("what")["documented"]
    assert compared["test log-likelihood, RBM-32 CD-25, nats"] == "-"


def test_more_labels_are_better(learned: Path):
    table = pd.read_csv(learned / "labels" / "labels.csv")
    mean = table.groupby(["variant", "labels"])["accuracy"].mean()
    for variant in ("with pretraining", "without pretraining"):
        assert mean[variant, 1000] > mean[variant, 100] > 0.3
