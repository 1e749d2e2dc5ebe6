"""Greedy pretraining of a DBM: RBMs that hear twice what will come from one more side.

In the machine that they will be parts of, a hidden layer between two others gets input from both;
in its RBM only from one. So the input from below counts twice in every RBM but the top one, and the
input from above counts twice in every one but the lowest, as if those layers stood there twice with
the same weights:

    lowest   h ~ p(h | 2 v·W),    v ~ p(v | W·h)
    middle   h ~ p(h | 2 v·W),    v ~ p(v | 2 W·h)
    top      h ~ p(h | v·W),      v ~ p(v | 2 W·h)

A hidden layer's own parameters were learned by two RBMs; the machine gets their mean, because its
input is the mean of the two inputs.

References
----------
Salakhutdinov, Hinton (2009), "Deep Boltzmann machines", section 2.2 and figure 2.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ebm.dbm.machine import DBM
from ebm.dbn.greedy import CallbackMaker, GreedyPretrainer
from ebm.rbm import RBM
from ebm.train import History, TrainingOptions
from ebm.train.batches import Matrix, Stream
from ebm.units import Unit, unit_from_config


class RBMWithCopies(RBM):
    """An RBM whose layers stand there several times for the other one.

    Only for training by contrastive divergence: its two conditionals belong to no joint law.

    Parameters
    ----------
    visible, hidden, weight_scale, generator
        See `RBM`.
    visible_copies, hidden_copies : int
        How often each layer counts in the other's input.
    """

    def __init__(
        self,
        visible: Unit,
        hidden: Unit,
        *,
        visible_copies: int,
        hidden_copies: int,
        weight_scale: float = 0.01,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(visible, hidden, weight_scale=weight_scale, generator=generator)
        self.visible_copies = visible_copies
        self.hidden_copies = hidden_copies

    def hidden_field(self, visible: Tensor) -> Tensor:
        """Field on the hidden layer, shape (n, n_hidden)."""
        return self.visible_copies * super().hidden_field(visible)

    def visible_field(self, hidden: Tensor) -> Tensor:
        """Field on the visible layer, shape (n, n_visible)."""
        return self.hidden_copies * super().visible_field(hidden)


class DBMPretrainer(GreedyPretrainer):
    """A pretraining that can be stopped after any step and continued bit for bit.

    Parameters are those of `pretrain_dbm`; for the rest see `GreedyPretrainer`.
    """

    def __init__(
        self,
        data: Matrix | Stream,
        layers: Sequence[int | Unit],
        options: TrainingOptions | Sequence[TrainingOptions] | None = None,
        *,
        visible: Unit | None = None,
        sample_weight: Any = None,
        weight_scale: float = 0.01,
        generator: torch.Generator,
        callbacks: CallbackMaker | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            data,
            layers,
            options,
            visible=visible,
            sample_weight=sample_weight,
            weight_scale=weight_scale,
            generator=generator,
            callbacks=callbacks,
            device=device,
        )
        for part in self.options:
            if part.sampler.kind != "cd" or any(
                (part.centred, part.zeros_sampled, part.pseudo_likelihood_rows)
            ):
                raise ValueError(
                    "the RBMs of a DBM are trained by 'cd' with centred=False, without "
                    "zeros_sampled, and with pseudo_likelihood_rows=0: with layers that count "
                    "twice they have no joint law"
                )

    def new_machine(self, visible: Unit, hidden: Unit, number: int) -> RBM:
        """Return the RBM of a layer, counted from 0."""
        return RBMWithCopies(
            visible,
            hidden,
            visible_copies=1 if number + 1 == self.depth else 2,
            hidden_copies=1 if number == 0 else 2,
            weight_scale=self.weight_scale,
            generator=self.generator,
        )

    def dbm(self) -> DBM:
        """Return the machine of all RBMs; they must be trained."""
        return machine_from_rbms([*self.finished, self.trainer.rbm])


def pretrain_dbm(
    data: Matrix | Stream,
    layers: Sequence[int | Unit],
    options: TrainingOptions | Sequence[TrainingOptions] | None = None,
    *,
    visible: Unit | None = None,
    sample_weight: Any = None,
    weight_scale: float = 0.01,
    generator: torch.Generator,
    callbacks: CallbackMaker | None = None,
    device: torch.device | str | None = None,
) -> tuple[DBM, list[History]]:
    """Train the RBMs that a DBM begins with, from the bottom up.

    Parameters
    ----------
    data, layers, visible, sample_weight, weight_scale, generator, callbacks, device
        See `pretrain_greedily`.
    options : TrainingOptions or one for each layer, optional
        Of contrastive divergence, with `centred=False` and `pseudo_likelihood_rows=0`.

    Returns
    -------
    dbm : DBM
    histories : list of History
        One for each RBM. What their free energies say is only a sign of change.

    Examples
    --------
    >>> import torch
    >>> from ebm import TrainingOptions, pretrain_dbm
    >>> generator = torch.Generator().manual_seed(1)
    >>> bits = (torch.rand(200, 20, generator=generator) < 0.3).float()
    >>> options = TrainingOptions(epochs=2, centred=False, pseudo_likelihood_rows=0)
    >>> dbm, histories = pretrain_dbm(bits, [16, 8], options, generator=generator)
    >>> dbm.sizes, len(histories)
    ([20, 16, 8], 2)
    """
    pretrainer = DBMPretrainer(
        data,
        layers,
        options or TrainingOptions(centred=False, pseudo_likelihood_rows=0),
        visible=visible,
        sample_weight=sample_weight,
        weight_scale=weight_scale,
        generator=generator,
        callbacks=callbacks,
        device=device,
    )
    _, histories = pretrainer.run()
    return pretrainer.dbm(), histories


@torch.no_grad()
def machine_from_rbms(rbms: Sequence[RBM]) -> DBM:
    """Put RBMs together, bottom first; a layer that two of them have gets the mean of both."""
    kinds = [rbms[0].visible, *(rbm.hidden for rbm in rbms)]
    dbm = DBM([unit_from_config(unit.to_config()) for unit in kinds], weight_scale=0.0)
    dbm.to(rbms[0].weights)
    for weights, rbm in zip(dbm.weights, rbms, strict=True):
        weights.copy_(rbm.weights)
    above = [rbm.visible for rbm in rbms]
    below = [rbm.hidden for rbm in rbms]
    for number, unit in enumerate(dbm.units):
        learned = [*below[number - 1 : number], *above[number : number + 1]]
        states = [part.state_dict() for part in learned]
        unit.load_state_dict(
            {name: sum(state[name] for state in states) / len(states) for name in states[0]}
        )
    return dbm
