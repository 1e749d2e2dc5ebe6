"""The wheel from a notebook: train, screen, pick, measure, learn, and once more."""

import pandas as pd

from screening import ScreeningClassifier, learn, pick, screen

SMALLEST = {"hidden": (8,), "ensemble_size": 1, "epochs": 8, "blend": "none", "folds": 2}


def test_twice_round_from_python(samples, tmp_path):
    compounds = pd.read_csv(samples / "bace.csv").sample(120, random_state=7)
    known, sold = compounds[:70], compounds[70:]
    measured = sold.set_index("CID")["Class"]
    sold[["CID", "mol"]].to_csv(tmp_path / "sold.csv", index=False)
    model = ScreeningClassifier(features=("morgan_counts",), progress=False, **SMALLEST)
    model.fit(known["mol"], known["Class"])
    bought: list[str] = []
    turns = []
    for turn in ("first", "second"):
        run = screen(
            tmp_path / "sold.csv", model, tmp_path / turn, workers=1, report=False, progress=False
        )
        hits = pd.read_csv(run.folder / "hits.csv")
        left = hits[~hits["id"].isin(bought)]
        assert len(left) == 50 - len(bought)
        picked = pick(run.folder, 12, model=model.model_)
        names = [name for name in picked.table["id"] if name not in bought]
        assert names, "the second plate has nothing new"
        results = pd.DataFrame({"Compound ID": names, "Class": measured[names].to_numpy()})
        learned = learn(model, results, run=run.folder, targets="Class", workers=1, progress=False)
        (judged,) = learned.judged.values()
        assert (judged.n, judged.n_active) == (len(names), int(measured[names].sum()))
        # What the judged model had said of them in the run is what it is held to.
        promised = hits.set_index("id").loc[names, "score"].mean()
        assert abs(judged.promised - promised) < 1e-4
        turns.append(learned.turn)
        assert [old.results_hash for old in learned.model.turns] == [t.results_hash for t in turns]
        model, bought = learned.classifier, bought + names
    assert len(model.model_.training.smiles) == 70 + len(bought)
