"""The drift of a library: by a sample that neither shards nor interruptions change."""

from __future__ import annotations

import json

import numpy as np
import pytest

from screening.library import ScreenOptions, screen
from screening.library.drift import drawn_places, library_drift
from screening.library.shards import ShardFiles
from screening.trust import Drift, nearest


@pytest.fixture(scope="module")
def library(bace, tmp_path_factory):
    path = tmp_path_factory.mktemp("library") / "library.csv"
    smiles = [*bace.smiles[200:320:2], "not a molecule", "CCO", "c1ccccc1"]
    path.write_text("smiles\n" + "\n".join(smiles) + "\n")
    return path


def drift_of(library, model_file, folder, **options):
    done = screen([str(library)], model_file, folder, ScreenOptions(**options))
    stored = json.loads((folder / "run.json").read_text())["drift"]
    assert done.drift == Drift.from_dict(stored)
    return done


def test_it_is_the_same_for_other_shards_and_when_a_run_goes_on(
    library, model_file, small_model, tmp_path
):
    whole = drift_of(library, model_file, tmp_path / "whole")
    parts = drift_of(library, model_file, tmp_path / "parts", shard_size=7, workers=2)
    assert parts.drift == whole.drift
    # Ranked again, with nothing scored.
    again = drift_of(library, model_file, tmp_path / "parts", top=3)
    assert again.continued == 9
    assert again.drift == whole.drift
    drift = whole.drift
    assert drift is not None
    assert drift.new == 62
    mols = [small_model.prepare(text) for text in library.read_text().split("\n")[1:]]
    mols = [mol for mol in mols if hasattr(mol, "GetNumAtoms")]
    _, similarity = nearest(small_model.fingerprints(mols), small_model.training.fingerprints)
    assert drift.near_new[2] == pytest.approx(np.median(similarity), abs=1e-4)
    scores = small_model.score_molecules(mols).score[:, 0]
    assert drift.active_expected == pytest.approx(scores.mean(), abs=1e-4)


def test_a_large_library_is_sampled_evenly_and_small_ones_whole():
    np.testing.assert_array_equal(drawn_places(2048, 0), np.arange(2048))
    places = drawn_places(1_000_000, 0)
    assert len(places) == 2048
    assert places[0] < 1_000_000 / 64
    assert places[-1] > 63 * 1_000_000 / 64
    assert (np.diff(places) > 0).all()
    assert places[-1] < 1_000_000
    # Little is read, however the rows are cut into shards.
    assert len(np.unique(places // 2000)) <= 128
    assert len(drawn_places(2049, 3)) > 1900


def test_nothing_scored_has_no_drift(small_model, tmp_path):
    assert library_drift(ShardFiles.of_run(tmp_path), {}, small_model, "Class") is None
