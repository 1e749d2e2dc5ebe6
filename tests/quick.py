"""Small models, for all that does not depend on how good they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from inspect import signature
from typing import Any

import pytest

from tests.few_trees import few_trees

SMALL: dict[str, Any] = {
    "hidden": (8,),
    "ensemble_size": 1,
    "pretrain_epochs": 1,
    "epochs": 2,
    "folds": 2,
}


@contextmanager
def small_models(sizes: Mapping[str, Any] = SMALL) -> Iterator[None]:
    """Let models that are asked for without settings be small, from Python and from commands."""
    from screening import ModelOptions, ScreeningClassifier

    made = ModelOptions.__init__
    defaults = {
        name: parameter.default
        for name, parameter in signature(made).parameters.items()
        if parameter.default is not parameter.empty
    }
    with pytest.MonkeyPatch.context() as patched, few_trees():
        patched.setattr(made, "__defaults__", tuple({**defaults, **sizes}.values()))
        for name, value in sizes.items():
            patched.setitem(ScreeningClassifier.__init__.__kwdefaults__, name, value)
        yield
