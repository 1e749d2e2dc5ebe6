"""Joint training of all layers of a DBM: mean field for the data, persistent chains for the model.

References
----------
Salakhutdinov, Hinton (2009), "Deep Boltzmann machines", algorithm 1. Montavon, Müller (2012), "Deep
Boltzmann machines and the centering trick", https://doi.org/10.1007/978-3-642-35289-8_33
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor

from ebm.dbm.gibbs import PersistentChains
from ebm.dbm.gradient import (
    Gradient,
    Offsets,
    apply_update,
    bound_gradient,
    data_phase,
    model_phase,
)
from ebm.dbm.likelihood import variational_bound_nats
from ebm.dbm.machine import DBM
from ebm.dbm.mean_field import Posterior, mean_field
from ebm.dbm.options import JointOptions
from ebm.loop import Callback, EpochHistory, ResumableLoop
from ebm.train.batches import Batch, DataSource, Matrix, Placement, Stream
from ebm.train.trainer import follow
from ebm.units import as_dense


@dataclass(frozen=True)
class JointRecord:
    """Monitors at the end of an epoch.

    Attributes
    ----------
    epoch, step : int
        Epochs and minibatches done.
    learning_rate : float
    score_train_nats, score_validation_nats : float
        Mean over fixed rows of the bound without its log Z. Its level means nothing; None without
        validation data.
    gap_nats : float
        Score of training rows minus that of validation rows: a growing gap is overfitting.
    mean_field_change : float
        Mean over the training rows of the last update's largest change of a mean.
    activity : list of float
        Mean over rows and units of each hidden layer's means.
    weight_rms : list of float
        Root mean square of each matrix of weights.
    seconds : float
        Wall clock of the epoch; not compared between records.
    """

    epoch: int
    step: int
    learning_rate: float
    score_train_nats: float
    score_validation_nats: float | None
    gap_nats: float | None
    mean_field_change: float
    activity: list[float]
    weight_rms: list[float]
    seconds: float = field(default=0.0, compare=False)


class JointHistory(EpochHistory[JointRecord]):
    """Monitors of the joint training of a DBM, oldest first."""

    record_type: ClassVar[type[JointRecord]] = JointRecord


def fit_dbm(
    dbm: DBM,
    data: Matrix | Stream,
    options: JointOptions | None = None,
    *,
    validation: Matrix | None = None,
    sample_weight: Any = None,
    generator: torch.Generator,
    callbacks: Sequence[Callback] = (),
) -> JointHistory:
    """Train all layers of a machine together, in place.

    Parameters
    ----------
    dbm : DBM
        Pretrained with `pretrain_dbm`, or new with `options.set_visible_bias`.
    data : Tensor, array, scipy sparse matrix, or callable returning an iterable of such blocks
        One row an example, values as the visible units want them.
    options : JointOptions, optional
    validation : Tensor, array or sparse matrix, optional
        Rows for the monitors; never trained on.
    sample_weight : array of shape (n,), optional
        Weight of each row; only ratios matter.
    generator : torch.Generator
        The only source of randomness. On the device of the machine.
    callbacks : sequence of Callback

    Raises
    ------
    ValueError
        If the data are empty, not finite, of a wrong width or outside the units' range, or the
        weights are unusable.

    Examples
    --------
    >>> import torch
    >>> from ebm import DBM, Bernoulli, JointOptions, fit_dbm
    >>> generator = torch.Generator().manual_seed(1)
    >>> bits = torch.eye(2).repeat_interleave(4, dim=1).repeat(100, 1)  # two patterns of 8 bits
    >>> dbm = DBM([Bernoulli(8), Bernoulli(6), Bernoulli(4)], generator=generator)
    >>> options = JointOptions(epochs=3, learning_rate=0.05, set_visible_bias=True)
    >>> fit_dbm(dbm, bits, options, generator=generator).column("step")
    [2, 4, 6]
    """
    trainer = JointTrainer(
        dbm,
        data,
        options or JointOptions(),
        validation=validation,
        sample_weight=sample_weight,
        generator=generator,
        callbacks=callbacks,
    )
    return trainer.run()


class JointTrainer(ResumableLoop[Batch, JointHistory]):
    """The joint training of a DBM, to be stopped after any step and continued bit for bit.

    Parameters are those of `fit_dbm`; for stopping and continuing see `ResumableLoop`.

    Attributes
    ----------
    dbm : DBM
    chains : PersistentChains
    offsets : tuple of Tensor of shape (sizes[k],)
        Of the centred coordinates.
    history : JointHistory
    """

    options: JointOptions

    def __init__(
        self,
        dbm: DBM,
        data: Matrix | Stream,
        options: JointOptions,
        *,
        validation: Matrix | None = None,
        sample_weight: Any = None,
        generator: torch.Generator,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        super().__init__(options, JointHistory(), generator, callbacks)
        self.dbm = dbm
        like = dbm.weights[0]
        placement = Placement(like.dtype, like.device)
        self.source = DataSource(data, placement, sample_weight)
        self._velocities: dict[str, Tensor] = {}
        self._start_from_data(validation, placement)

    @torch.no_grad()
    def _start_from_data(self, validation: Matrix | None, placement: Placement) -> None:
        """Set what depends on the data: visible biases, offsets, chains and monitor rows."""
        options, dbm = self.options, self.dbm
        moments = self.source.moments(dbm.units[0].support())
        if options.set_visible_bias:
            dbm.units[0].set_from_moments(moments)
        offsets = [moments.mean, *(mean[0] for mean in self._infer(moments.mean[None]).means)]
        if not options.centred:
            offsets = [torch.zeros_like(offset) for offset in offsets]
        self.offsets: Offsets = tuple(offsets)
        start = self.source.first_rows(options.chains, self.new_seed())
        hidden = self._infer(start).sample(dbm, self.generator)
        self.chains = PersistentChains([start, *hidden], options.gibbs_steps)
        seed = self.new_seed()
        self._rows = self.source.first_rows(options.monitor_rows, seed)
        self._held: Tensor | None = None
        if validation is not None:
            self._held = DataSource(validation, placement).first_rows(options.monitor_rows, seed)

    def _infer(self, visible: Tensor) -> Posterior:
        return mean_field(
            self.dbm,
            visible,
            steps=self.options.mean_field_steps,
            tolerance=self.options.mean_field_tolerance,
        )

    def batches(self) -> Iterable[Batch]:  # noqa: D102
        return self.source.batches(self.options.batch_size, self.epoch_seed, self.step_in_epoch)

    @torch.no_grad()
    def step(self, batch: Batch) -> None:
        """One minibatch: inference, sweeps of the chains, gradient, update."""
        dbm, options = self.dbm, self.options
        visible = as_dense(batch.visible)
        data = data_phase(dbm, visible, self._infer(visible), batch.weights)
        mass = batch.weights.sum()
        sweep = self.chains.advance(dbm, self.generator)
        model = model_phase(dbm, sweep, (mass / options.chains).expand(options.chains))
        self._move(bound_gradient(data, model, self.offsets))
        if options.centred:
            for offset, total in zip(self.offsets[1:], data.sums()[1:], strict=True):
                follow(offset, total, mass, options.offset_rate)

    def _move(self, gradient: Gradient) -> None:
        """Do a step of the velocity, which becomes momentum · velocity + rate · gradient."""
        rate, momentum = self.options.learning_rate_at(self.epoch), self.options.momentum
        weights = []
        for number, (products, matrix) in enumerate(
            zip(gradient.weights, self.dbm.weights, strict=True)
        ):
            velocity = self._velocity(f"weights.{number}", matrix)
            decayed = products.with_matrix(matrix, -self.options.weight_decay)
            weights.append(decayed.add_to(velocity, keep=momentum, scale=rate))
        others = {f"biases.{number}": bias for number, bias in enumerate(gradient.biases)}
        for name, value in {**others, **gradient.extras}.items():
            self._velocity(name, value).mul_(momentum).add_(value, alpha=rate)
        biases = [self._velocities[name] for name in others]
        extras = {name: self._velocities[name] for name in gradient.extras}
        apply_update(self.dbm, weights, biases, extras, self.offsets)

    def _velocity(self, name: str, like: Tensor) -> Tensor:
        if name not in self._velocities:
            self._velocities[name] = torch.zeros_like(like, requires_grad=False)
        return self._velocities[name]

    @torch.no_grad()
    def end_epoch(self, seconds: float) -> None:  # noqa: D102
        posterior = self._infer(self._rows)
        score = variational_bound_nats(self.dbm, self._rows, 0.0, posterior=posterior)
        train, held, gap = float(score.mean()), None, None
        if self._held is not None:
            inferred = self._infer(self._held)
            held = float(
                variational_bound_nats(self.dbm, self._held, 0.0, posterior=inferred).mean()
            )
            gap = train - held
        record = JointRecord(
            epoch=self.epoch,
            step=self.total_steps,
            learning_rate=self.options.learning_rate_at(self.epoch - 1),
            score_train_nats=train,
            score_validation_nats=held,
            gap_nats=gap,
            mean_field_change=float(posterior.change.mean()),
            activity=[float(mean.mean()) for mean in posterior.means],
            weight_rms=[float(matrix.square().mean().sqrt()) for matrix in self.dbm.weights],
            seconds=seconds,
        )
        self.history.records.append(record)

    def learned_state(self) -> dict[str, Any]:  # noqa: D102
        return {
            "dbm": self.dbm.state_dict(),
            "velocities": self._velocities,
            "chains": self.chains.state_dict(),
            "offsets": list(self.offsets),
            "rows": self._rows,
            "held": self._held,
        }

    def load_learned_state(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self.dbm.load_state_dict(state["dbm"])
        self._velocities = state["velocities"]
        self.chains.load_state_dict(state["chains"])
        self.offsets = tuple(state["offsets"])
        self._rows, self._held = state["rows"], state["held"]
