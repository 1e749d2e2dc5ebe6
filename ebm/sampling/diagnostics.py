"""How well chains mix: autocorrelation, its integrated time, effective sample size."""

import torch
from torch import Tensor


def autocorrelation(series: Tensor) -> Tensor:
    """Autocorrelation of scalar chains, averaged over the chains.

    Parameters
    ----------
    series : Tensor of shape (n_steps, n_chains)
        One scalar (say, the free energy) of each chain at each step, after burn-in.

    Returns
    -------
    Tensor of shape (n_steps,)
        ρ(0) = 1, ρ(1), ...; all zero after lag 0 when the chains never move.
    """
    steps = len(series)
    deviation = series.double() - series.double().mean()
    spectrum = torch.fft.rfft(deviation, n=2 * steps, dim=0).abs().square()
    covariance = torch.fft.irfft(spectrum, n=2 * steps, dim=0)[:steps].mean(1)
    covariance = covariance / (steps - torch.arange(steps, device=series.device))
    rho: Tensor = covariance / covariance[0]
    return rho


def autocorrelation_time(series: Tensor, window: float = 5.0) -> float:
    """Integrated autocorrelation time τ = 1 + 2 Σ ρ(t), in steps.

    The sum ends at the first lag that is at least `window` times the τ so far. Infinite when the
    chains stand still or are too short (under 10 τ) for the value to mean anything.

    Parameters
    ----------
    series : Tensor of shape (n_steps, n_chains)
        As for `autocorrelation`.
    window : float
        Sokal's c.

    References
    ----------
    Sokal (1997), "Monte Carlo methods in statistical mechanics", section 3.
    https://doi.org/10.1007/978-1-4899-0319-8_6

    Examples
    --------
    >>> import torch
    >>> from ebm.sampling import autocorrelation_time
    >>> independent = torch.randn(1000, 50, generator=torch.Generator().manual_seed(1))
    >>> round(autocorrelation_time(independent))
    1
    """
    if bool((series == series[0]).all()):
        return float("inf")
    times = 2 * autocorrelation(series).cumsum(0) - 1
    lags = torch.arange(len(times), device=times.device)
    ended = (lags >= window * times).nonzero()
    if len(ended) == 0:
        return float("inf")
    time = max(float(times[ended[0, 0]]), 1.0)
    return time if 10 * time <= len(series) else float("inf")


def effective_sample_size(series: Tensor, window: float = 5.0) -> float:
    """Count the independent draws that the chains are worth: all their states over τ.

    Examples
    --------
    Chains that stay in place for ten steps are worth a tenth of their states:

    >>> import torch
    >>> from ebm.sampling import effective_sample_size
    >>> series = torch.randn(200, 50, generator=torch.Generator().manual_seed(1))
    >>> 9_000 < effective_sample_size(series.repeat_interleave(10, 0)) < 11_000  # of 100,000
    True
    """
    return series.numel() / autocorrelation_time(series, window)
