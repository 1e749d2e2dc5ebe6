"""The learning rate as a function of the step."""

import math

WARM_UP = 0.3
START_FRACTION = 1 / 25
END_FRACTION = 1e-4


def rate_fraction(step: int, total_steps: int, schedule: str) -> float:
    """Learning rate of a step as a fraction of the highest one.

    Parameters
    ----------
    step : int
        0 for the first minibatch.
    total_steps : int
        Number of minibatches of all epochs.
    schedule : {'one_cycle', 'cosine', 'constant'}
        'one_cycle' rises from 1/25 to 1 over the first 30 % of the steps and falls to 1e-4, both as
        half a cosine; 'cosine' only falls, from 1 to 1e-4.

    References
    ----------
    Smith, Topin (2019), https://doi.org/10.1117/12.2520589 (one cycle); Loshchilov, Hutter (2017),
    https://doi.org/10.48550/arXiv.1608.03983 (cosine).
    """
    if schedule == "constant":
        return 1.0
    done = step / max(total_steps - 1, 1)
    if schedule == "cosine":
        return _half_cosine(1.0, END_FRACTION, done)
    if done < WARM_UP:
        return _half_cosine(START_FRACTION, 1.0, done / WARM_UP)
    return _half_cosine(1.0, END_FRACTION, (done - WARM_UP) / (1 - WARM_UP))


def _half_cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(done, 1.0))) / 2
