"""Which voices there are: how each is made of a model's options, and read from its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from screening.features import Encoder
from screening.learners.kernels.ridge import StoredRidge
from screening.learners.options import DESCRIPTORS, FOREST, KERNEL, ModelOptions
from screening.learners.voices.arrays import Arrays
from screening.learners.voices.trees import StoredForests
from screening.learners.voices.voice import StoredVoice, Voice


def voices_of(options: ModelOptions) -> dict[str, Voice]:
    """Return the learners of what is blended with the networks, by name."""
    # They load scikit-learn, which a scored molecule does not need.
    from screening.learners.forest.learner import DescriptorForest, Forest
    from screening.learners.kernels.learner import KernelRidge

    made: dict[str, Callable[[ModelOptions], Voice]] = {
        FOREST: Forest.of,
        KERNEL: KernelRidge.of,
        DESCRIPTORS: DescriptorForest.of,
    }
    return {name: made[name](options) for name in options.voices}


def read_voice(
    name: str, described: Mapping[str, Any], arrays: Arrays, networks: Encoder, n_tasks: int
) -> StoredVoice:
    """Build the voice of that name which `to_state` described.

    Raises
    ------
    KeyError
        There is no voice of that name.
    ValueError
        It is not what it should be.
    """
    known: dict[str, type[StoredForests] | type[StoredRidge]] = {
        FOREST: StoredForests,
        KERNEL: StoredRidge,
        DESCRIPTORS: StoredForests,
    }
    return known[name].from_state(described, arrays, networks, n_tasks)
