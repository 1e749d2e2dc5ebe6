"""Where the annealing starts: independent units with the data's base rates.

The path is that of `ebm.sampling.tempering`,

    E_β(v, h) = U_v(v) + U_h(h) - β v·W·h - (1-β) (v·c_v + h·c_h),

whose β = 0 end is a machine of independent units with log Z₀ = Γ_v(c_v) + Γ_h(c_h) exactly. Any
constants are right; the closer the start is to the machine, the smaller is the error. With c_v that
turns the visible biases into those of the data's base rates it is the start of Salakhutdinov and
Murray (2008), section 4.1, with the hidden units at their mean as well.
"""

import copy

import torch
from torch import Tensor

from ebm.rbm import RBM
from ebm.sampling import TemperedPath
from ebm.units import Moments, as_dense


@torch.no_grad()
def base_rate_path(rbm: RBM, data: Tensor | None = None) -> TemperedPath:
    """Path from the base rates of the data to the machine.

    Parameters
    ----------
    rbm : RBM
    data : Tensor of shape (n, n_visible), optional
        Rows of training data. Without them the start has the machine's own biases (c = 0).
    """
    if data is None:
        zeros = rbm.weights.new_zeros
        return TemperedPath(rbm, zeros(rbm.visible.size), zeros(rbm.hidden.size))
    data = as_dense(data).to(rbm.weights)
    mean = data.mean(0)
    alone = copy.deepcopy(rbm.visible)
    alone.set_from_moments(Moments(mean, data.var(0, unbiased=False), len(data)))
    return TemperedPath(rbm, alone.bias - rbm.visible.bias, mean @ rbm.weights)


def log_partition_at_start(path: TemperedPath) -> Tensor:
    """Exact log Z of the β = 0 end, in nats; a scalar."""
    visible = path.rbm.visible.log_partition(path.to_visible[None])
    hidden = path.rbm.hidden.log_partition(path.to_hidden[None])
    return (visible + hidden)[0]
