"""From scikit-learn's random_state to torch's generator."""

import numpy as np
import torch


def new_generator(random_state: np.random.RandomState, device: str) -> torch.Generator:
    """Return a generator with a seed drawn from the random state."""
    seed = int(random_state.randint(2**31 - 1))
    return torch.Generator(device).manual_seed(seed)
