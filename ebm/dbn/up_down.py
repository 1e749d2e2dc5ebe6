"""Up-down training of a whole DBN: the contrastive form of wake-sleep.

Wake: the data go up by samples of the recognition weights; each layer's generative weights learn
to give back the layer below. Then the top RBM, from there, runs k Gibbs sweeps and learns by CD-k.
Sleep: from where it stopped, a sample goes down; each layer's recognition weights learn to give
back the layer above. Recognition and generative weights are no longer tied.

References
----------
Hinton, Osindero, Teh (2006), section 5 and appendix B. https://doi.org/10.1162/neco.2006.18.7.1527
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ebm.dbn.labels import append_labels
from ebm.dbn.stack import DBN
from ebm.dbn.up_down_options import UpDownHistory, UpDownOptions, UpDownRecord
from ebm.dbn.up_down_phases import sleep, sleep_gradient, top_gradient, wake, wake_gradient
from ebm.loop import Callback, ResumableLoop
from ebm.rbm import RBM
from ebm.sampling import ContrastiveDivergence, Sampler
from ebm.train.batches import Batch, DataSource, Matrix, Placement, Stream
from ebm.train.gradient import Gradient, add_to_parameters
from ebm.train.products import Products
from ebm.train.rounding import RoundedRBM, rounded
from ebm.train.trainer import make_chains
from ebm.units import as_dense

# The losses are of these minibatches only: they steer nothing, and cost as much as a sweep.
_MINIBATCHES_A_MEASUREMENT = 10


def train_up_down(
    dbn: DBN,
    data: Matrix | Stream,
    options: UpDownOptions | None = None,
    *,
    labels: Any = None,
    generator: torch.Generator,
    callbacks: Sequence[Callback] = (),
) -> tuple[DBN, UpDownHistory]:
    """Train all layers together; the DBN given is not changed.

    Parameters
    ----------
    dbn : DBN
        Pretrained greedily.
    data : Tensor, array, scipy sparse matrix, or callable returning an iterable of such blocks
        One row an example.
    options : UpDownOptions, optional
    labels : array of shape (n,), optional
        Class numbers; needed exactly when the DBN has a label block.
    generator : torch.Generator
        The only source of randomness.
    callbacks : sequence of Callback

    Returns
    -------
    dbn : DBN
        A copy with untied weights.
    history : UpDownHistory
        One record for each epoch.

    Examples
    --------
    >>> import torch
    >>> from ebm import TrainingOptions, UpDownOptions, pretrain_greedily, train_up_down
    >>> generator = torch.Generator().manual_seed(1)
    >>> bits = torch.eye(2).repeat_interleave(4, dim=1).repeat(100, 1)
    >>> dbn, _ = pretrain_greedily(bits, [6, 4], TrainingOptions(epochs=2), generator=generator)
    >>> trained, history = train_up_down(dbn, bits, UpDownOptions(epochs=3), generator=generator)
    >>> history.column("epoch")
    [1, 2, 3]
    >>> torch.equal(trained.machines[0].weights, trained.recognition[0].weights)
    False
    """
    trainer = UpDownTrainer(
        dbn, data, options, labels=labels, generator=generator, callbacks=callbacks
    )
    history = trainer.run()
    return trainer.dbn, history


class UpDownTrainer(ResumableLoop[Batch, UpDownHistory]):
    """The up-down training of a DBN, to be stopped after any step and continued bit for bit.

    Parameters are those of `train_up_down`; for stopping and continuing see `ResumableLoop`.

    Attributes
    ----------
    dbn : DBN
        The copy with untied weights that is trained.
    history : UpDownHistory
    """

    options: UpDownOptions

    def __init__(
        self,
        dbn: DBN,
        data: Matrix | Stream,
        options: UpDownOptions | None = None,
        *,
        labels: Any = None,
        generator: torch.Generator,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        super().__init__(options or UpDownOptions(), UpDownHistory(), generator, callbacks)
        if (labels is None) != (dbn.label_size == 0):
            raise ValueError("labels are needed exactly when the DBN has a label block")
        if labels is not None:
            data = append_labels(data, labels, dbn.label_size)
        self.dbn = dbn.with_untied_weights()
        weights = self.dbn.top.weights
        self._source = DataSource(data, Placement(weights.dtype, weights.device))
        self._velocities: dict[str, Tensor] = {}
        coarse = self.options.products == "bfloat16"
        self._rounded = [RoundedRBM(machine) for machine in self._machines] if coarse else []
        self.sampler = self._make_sampler()
        # Sums over the rows measured in the epoch: wake, sleep and top loss, and the rows.
        self._totals = torch.zeros(4, dtype=torch.float64, device=weights.device)

    @property
    def _machines(self) -> list[RBM]:
        """All that learn: the generative ones with the top, then the recognition ones."""
        return [*self.dbn.machines, *self.dbn.recognition]

    @torch.no_grad()
    def _make_sampler(self) -> Sampler:
        """Chains that last begin at states that went up from random rows."""
        options = self.options.sampler
        if options.kind == "cd":
            return ContrastiveDivergence(options.steps)
        rows, labels = self._split(self._source.first_rows(options.chains, self.new_seed()))
        machines = self.dbn.machines[:-1]
        states = wake(machines, self.dbn.recognition, rows, self.generator).states
        start = torch.cat([states, labels], dim=1)
        return make_chains(options, start, start.mean(0))

    def _split(self, visible: Tensor) -> tuple[Tensor, Tensor]:
        """Dense rows without labels, and their labels (of no columns, when there are none)."""
        size = self.dbn.n_visible
        dense = as_dense(visible)
        return dense[:, :size], dense[:, size:]

    def batches(self) -> Iterable[Batch]:  # noqa: D102
        return self._source.batches(self.options.batch_size, self.epoch_seed, self.step_in_epoch)

    @torch.no_grad()
    def step(self, batch: Batch) -> None:
        """Wake, top and sleep on one minibatch."""
        machines = self._rounded or self._machines
        for coarse, machine in zip(self._rounded, self._machines, strict=False):
            coarse.follow(machine)
        count = len(self.dbn.machines)
        generative, top, recognition = machines[: count - 1], machines[count - 1], machines[count:]
        visible, labels = self._split(batch.visible)
        data_weights = batch.weights

        up = wake(generative, recognition, visible, self.generator)
        data = Batch(torch.cat([up.states, labels], dim=1), data_weights)
        field = top.hidden_field(data.visible)
        chains = self.sampler.sample(top, field, self.generator)
        fantasy = Batch(chains, self.sampler.weights(data_weights))
        start = chains[:, : self.dbn.sizes[-2]]
        down = sleep(generative, recognition, start, self.generator)

        gradients = [
            *(wake_gradient(prediction, data_weights) for prediction in up.predictions),
            top_gradient(top, data, field, fantasy),
            *(sleep_gradient(prediction, fantasy.weights) for prediction in down.predictions),
        ]
        if self.step_in_epoch % _MINIBATCHES_A_MEASUREMENT == 0:
            gap = data_weights @ top.free_energy(data.visible)
            gap -= fantasy.weights @ top.free_energy(chains)
            woken = [data_weights @ prediction.nats() for prediction in up.predictions]
            slept = [fantasy.weights @ prediction.nats() for prediction in down.predictions]
            self._add_losses([sum(woken), sum(slept), gap], len(data_weights))
        self._move(gradients)

    def _move(self, gradients: Sequence[Gradient]) -> None:
        """Do a step of the velocities: each becomes momentum · velocity + rate · gradient."""
        for number, (machine, gradient) in enumerate(zip(self._machines, gradients, strict=True)):
            products = gradient.weights
            if self.options.products == "bfloat16":
                products = rounded(products)
            self._move_weights(f"{number}.weights", machine.weights, products)
            changes = {}
            rate, momentum = self.options.learning_rate_at(self.epoch), self.options.momentum
            for name, value in gradient.others.items():
                velocity = self._velocity(f"{number}.{name}", value)
                changes[name] = velocity.mul_(momentum).add_(value, alpha=rate)
            add_to_parameters(machine, changes)

    def _move_weights(self, name: str, weights: Tensor, products: Products) -> None:
        rate, decay = self.options.learning_rate_at(self.epoch), self.options.weight_decay
        if self.options.momentum == 0:
            # Straight into the weights: one pass over them instead of three.
            products.add_to(weights, keep=1 - rate * decay, scale=rate)
            return
        velocity = self._velocity(name, weights)
        decayed = products.with_matrix(weights, -decay)
        weights.add_(decayed.add_to(velocity, keep=self.options.momentum, scale=rate))

    def _velocity(self, name: str, like: Tensor) -> Tensor:
        if name not in self._velocities:
            self._velocities[name] = torch.zeros_like(like, requires_grad=False)
        return self._velocities[name]

    def _add_losses(self, losses: Sequence[Tensor | float], rows: int) -> None:
        for number, loss in enumerate(losses):
            self._totals[number] += loss * rows
        self._totals[-1] += rows

    def end_epoch(self, seconds: float) -> None:  # noqa: D102
        wake_nats, sleep_nats, top_nats = (self._totals[:3] / self._totals[3]).tolist()
        record = UpDownRecord(self.epoch, wake_nats, sleep_nats, top_nats, seconds)
        self.history.records.append(record)
        self._totals.zero_()

    def learned_state(self) -> dict[str, Any]:  # noqa: D102
        return {
            "dbn": self.dbn.state_dict(),
            "velocities": self._velocities,
            "sampler": self.sampler.state_dict(),
            "totals": self._totals,
        }

    def load_learned_state(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self.dbn.load_state_dict(state["dbn"])
        self._velocities = state["velocities"]
        self.sampler.load_state_dict(state["sampler"])
        self._totals = state["totals"]
