"""A search so small that a test can make several."""

from dataclasses import replace

import pytest

from screening.tuning import tune

# Sizes and epochs as they are: what is searched costs no more than the default.
FIXED = ("features", "hidden", "epochs")


@pytest.fixture(scope="session")
def quick(small_options):
    # So small a rate that others are better.
    return replace(
        small_options,
        hidden=(16,),
        ensemble_size=1,
        epochs=2,
        pretrain_epochs=1,
        learning_rate=3e-4,
    )


@pytest.fixture(scope="session")
def search(small_assay, quick):
    """Search with the small assay and quick options, unless told otherwise."""

    def call(path, n_trials, options=quick, **given):
        given = {"fixed": FIXED, "on_step": lambda *_: None, **given}
        return tune(small_assay, options, path, n_trials, **given)

    return call
