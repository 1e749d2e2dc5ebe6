"""The log-likelihood of a DBM: a lower bound of any, the exact value of a small one.

With the factorial q of mean field, of fields x_k and means m_k,

    log p(v) >= -U_0(v) + Σ_k m_{k-1}·W_k·m_k + Σ_k (Γ_k(x_k) - x_k·m_k) - log Z

where Γ_k(x_k) - x_k·m_k is the entropy of q(h^k) minus its mean of U_k, for units of any kind. The
distance is the divergence of q from the posterior. log Z is held between two ends by annealing in
the machine's form as an RBM, where the hidden layers of one side are summed out exactly.

References
----------
Salakhutdinov, Hinton (2009), "Deep Boltzmann machines", sections 2.1 and 3. Neal (2001), "Annealed
importance sampling", https://doi.org/10.1023/A:1008923215028. Burda, Grosse, Salakhutdinov (2015),
"Accurate and conservative estimates of MRF log-likelihood using reverse annealing", PMLR 38:102.
"""

import torch
from torch import Tensor

from ebm import exact
from ebm.dbm.machine import DBM
from ebm.dbm.mean_field import Posterior, mean_field
from ebm.likelihood import LogPartitionBracket, estimate_log_partition
from ebm.units import Blocks, as_dense

INFERENCE_STEPS, INFERENCE_TOLERANCE = 100, 1e-4


def variational_bound_nats(
    dbm: DBM,
    visible: Tensor,
    log_partition_nats: float | Tensor,
    *,
    posterior: Posterior | None = None,
) -> Tensor:
    """Lower bound on log p(v) of each row, in nats, shape (n,).

    Differentiable by the parameters, the posterior being held.

    Parameters
    ----------
    dbm : DBM
    visible : Tensor of shape (n, sizes[0])
        Values that the visible units can take: bits, not grey levels, for Bernoulli units.
    log_partition_nats : float or Tensor
        log Z.
    posterior : Posterior, optional
        Of these rows; by default that of mean field with a tolerance of 1e-4.

    Examples
    --------
    >>> import torch
    >>> from ebm import DBM, Bernoulli
    >>> from ebm.dbm import exact_log_likelihood_nats, exact_log_partition, variational_bound_nats
    >>> dbm, rows = DBM([Bernoulli(6), Bernoulli(4), Bernoulli(3)]), torch.ones(2, 6)
    >>> bound = variational_bound_nats(dbm, rows, exact_log_partition(dbm))
    >>> bool((bound <= exact_log_likelihood_nats(dbm, rows)).all())
    True
    """
    visible = as_dense(visible)
    if posterior is None:
        posterior = mean_field(dbm, visible, steps=INFERENCE_STEPS, tolerance=INFERENCE_TOLERANCE)
    total = dbm.interaction([visible, *posterior.means]) - dbm.units[0].energy(visible)
    for unit, field, mean in zip(dbm.units[1:], posterior.fields, posterior.means, strict=True):
        total = total + unit.log_partition(field) - (field * mean).sum(-1)
    return total - log_partition_nats


@torch.no_grad()
def bracket_log_partition(
    dbm: DBM,
    data: Tensor,
    *,
    chains: int = 100,
    betas: int = 1000,
    burn_in: int = 1000,
    generator: torch.Generator,
) -> LogPartitionBracket:
    """Both ends of log Z, by AIS and reverse AIS; see `ebm.likelihood.estimate_log_partition`.

    Parameters
    ----------
    dbm : DBM
    data : Tensor of shape (n, sizes[0])
        Training rows: the annealing starts at their base rates, and those of the hidden layers
        inferred from them; the chains that make samples for the reverse run start at them.
    chains, betas, burn_in
        Runs in each direction, inverse temperatures, and sweeps before the reverse run.
    generator : torch.Generator

    Examples
    --------
    >>> import torch
    >>> from ebm import DBM, Bernoulli
    >>> from ebm.dbm import bracket_log_partition, exact_log_partition
    >>> dbm = DBM([Bernoulli(6), Bernoulli(4), Bernoulli(3)], weight_scale=0.5)
    >>> generator = torch.Generator().manual_seed(1)
    >>> rows = torch.randint(0, 2, (50, 6), generator=generator).float()
    >>> bracket = bracket_log_partition(dbm, rows, betas=200, burn_in=50, generator=generator)
    >>> abs(bracket.value_nats() - float(exact_log_partition(dbm).detach())) < 0.1
    True
    """
    visible = as_dense(data)
    hidden = mean_field(dbm, visible, steps=INFERENCE_STEPS).sample(dbm, generator)
    return estimate_log_partition(
        dbm.as_rbm(),
        data=torch.cat([visible, *hidden[1::2]], dim=1),
        chains=chains,
        betas=betas,
        burn_in=burn_in,
        generator=generator,
    )


def exact_log_partition(dbm: DBM) -> Tensor:
    """Exact log Z in nats, a scalar tensor: the states of the odd layers are enumerated.

    Raises
    ------
    ValueError
        If a layer of odd number is continuous, or they have too many states.
    """
    states, log_weights = _odd_states(dbm)
    visible = dbm.units[0].log_partition(states[0] @ dbm.weights[0].T)
    return torch.logsumexp(log_weights + visible, 0)


def exact_log_likelihood_nats(dbm: DBM, visible: Tensor) -> Tensor:
    """Exact log p(v) of each row, in nats, shape (n,); differentiable.

    For machines whose odd layers have some 15 units in all.

    Raises
    ------
    ValueError
        If a layer of odd number is continuous, or they have too many states.

    Examples
    --------
    >>> from ebm import DBM, Bernoulli, exact
    >>> from ebm.dbm import exact_log_likelihood_nats
    >>> dbm = DBM([Bernoulli(4), Bernoulli(3), Bernoulli(2)])
    >>> every_state = exact.enumerate_states(dbm.units[0])
    >>> round(float(exact_log_likelihood_nats(dbm, every_state).exp().sum().detach()), 4)
    1.0
    """
    states, log_weights = _odd_states(dbm)
    fields = states[0] @ dbm.weights[0].T
    joint = visible @ fields.T + log_weights - dbm.units[0].energy(visible)[:, None]
    return torch.logsumexp(joint, 1) - exact_log_partition(dbm)


def _odd_states(dbm: DBM) -> tuple[list[Tensor], Tensor]:
    """Every state of the odd layers, and its log weight with the even hidden layers summed out."""
    odd = dbm.units[1::2]
    every = exact.enumerate_states(Blocks(odd))
    states = list(torch.split(every, [unit.size for unit in odd], dim=1))
    layers = [every[:, :0]] * len(dbm.units)
    layers[1::2] = states
    log_weights = -torch.stack(
        [unit.energy(state) for unit, state in zip(odd, states, strict=True)]
    ).sum(0)
    for number in range(2, len(dbm.units), 2):
        log_weights = log_weights + dbm.units[number].log_partition(dbm.field(number, layers))
    return states, log_weights
