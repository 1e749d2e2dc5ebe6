"""How the learning rate and the momentum change from epoch to epoch."""

import math

from ebm.train.options import TrainingOptions


def learning_rate_at(epoch: int, options: TrainingOptions) -> float:
    """Learning rate of an epoch (counted from 0)."""
    progress = epoch / max(options.epochs - 1, 1)
    final = options.final_rate_fraction
    fraction = {
        "constant": 1.0,
        "linear": 1 + (final - 1) * progress,
        "cosine": final + (1 - final) * (1 + math.cos(math.pi * progress)) / 2,
        "exponential": math.pow(final, progress),
    }[options.schedule]
    return options.learning_rate * fraction


def momentum_at(epoch: int, options: TrainingOptions) -> float:
    """Momentum of an epoch (counted from 0): low while the first features form, then high."""
    return options.initial_momentum if epoch < options.momentum_epochs else options.momentum
