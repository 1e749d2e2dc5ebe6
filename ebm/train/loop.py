"""The training of an RBM, top to bottom: `fit_rbm`, `Trainer.run`, `Trainer.step`."""

import copy
import time
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ebm.rbm import RBM
from ebm.sampling import Sampler
from ebm.sampling.sampled_zeros import reconstruct_sparsely
from ebm.sparse import csr_of_dense
from ebm.train.batches import Batch, Block, DataSource, Placement, Stream
from ebm.train.gradient import (
    Gradient,
    Offsets,
    PhaseStatistics,
    apply_step,
    log_likelihood_gradient,
    phase_statistics,
)
from ebm.train.history import EpochRecord, History
from ebm.train.monitors import MonitorRows, measure
from ebm.train.negative import make_sampler
from ebm.train.optimiser import Rates, make_optimiser
from ebm.train.options import TrainingOptions
from ebm.train.schedule import learning_rate_at, momentum_at
from ebm.units import Bernoulli


class Callback:
    """Does nothing; override what you need. Set `trainer.stop_because` to end the training."""

    def on_train_start(self, trainer: "Trainer") -> None:
        """Before the first step (also when a stopped training goes on)."""

    def on_step_end(self, trainer: "Trainer") -> None:
        """After each minibatch. Reading a number from the device here costs speed."""

    def on_epoch_end(self, trainer: "Trainer") -> None:
        """After each epoch; the newest record is `trainer.history.records[-1]`."""

    def on_train_end(self, trainer: "Trainer") -> None:
        """After the last step."""

    def state_dict(self) -> dict[str, Any]:
        """JSON-able state, to go on after a stop."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` returned."""


def fit_rbm(
    rbm: RBM,
    data: Block | Stream,
    options: TrainingOptions | None = None,
    *,
    validation: Block | None = None,
    sample_weight: Block | None = None,
    generator: torch.Generator,
    callbacks: Sequence[Callback] = (),
    device: torch.device | str | None = None,
) -> History:
    """Train a machine in place.

    Parameters
    ----------
    rbm : RBM
        Changed in place (and moved to `device` when one is given).
    data : Tensor, array, scipy sparse matrix, or callable returning an iterable of such blocks
        One row an example, values as the visible units want them. It is never changed, and a sparse
        matrix is never made dense as a whole. A callable is a stream: it is called once an epoch.
    options : TrainingOptions, optional
        All settings.
    validation : Tensor, array or sparse matrix, optional
        Rows for the free-energy gap; never trained on.
    sample_weight : array of shape (n,), optional
        Weight of each row; only ratios matter.
    generator : torch.Generator
        The only source of randomness: equal seeds give equal results. On the device of the machine.
    callbacks : sequence of Callback
        For instance `FreeEnergyGapControl`.
    device : torch.device or str, optional
        Where to train; by default where the machine is.

    Returns
    -------
    History
        Monitor records, one for each `options.monitor_every` epochs.

    Raises
    ------
    ValueError
        If the data are empty, not finite, of a wrong width or outside the units' range, the weights
        are unusable, the generator is on another device than the machine, or
        `options.zeros_sampled` meets visible units other than Bernoulli.
    """
    trainer = Trainer(
        rbm,
        data,
        options or TrainingOptions(),
        validation=validation,
        sample_weight=sample_weight,
        generator=generator,
        callbacks=callbacks,
        device=device,
    )
    return trainer.run()


class Trainer:
    """A training that can be stopped after any step and continued bit for bit.

    Build a second one with the same arguments, give it the first one's `state_dict()`, and `run`.
    Parameters are those of `fit_rbm`.

    Attributes
    ----------
    epoch, step_in_epoch, total_steps : int
        Where the training is.
    rate_factor : float
        What callbacks have lowered the learning rate to, times the schedule.
    stop_because : str
        Set by a callback to end the training.
    history : History
    """

    def __init__(
        self,
        rbm: RBM,
        data: Block | Stream,
        options: TrainingOptions,
        *,
        validation: Block | None = None,
        sample_weight: Block | None = None,
        generator: torch.Generator,
        callbacks: Sequence[Callback] = (),
        device: torch.device | str | None = None,
    ) -> None:
        if device is not None:
            rbm.to(device)
        if generator.device.type != rbm.weights.device.type:
            raise ValueError(
                f"the generator is on {generator.device}, but the machine is on "
                f"{rbm.weights.device}: make it with torch.Generator({str(rbm.weights.device)!r})"
            )
        if options.zeros_sampled is not None and type(rbm.visible) is not Bernoulli:
            kind = type(rbm.visible).__name__
            raise ValueError(f"zeros_sampled needs Bernoulli visible units, not {kind}")
        self.rbm = rbm
        self.options = options
        self.generator = generator
        self.callbacks = tuple(callbacks)
        placement = Placement(rbm.weights.dtype, rbm.weights.device)
        self.source = DataSource(data, placement, sample_weight)
        self.has_validation = validation is not None
        self.optimiser = make_optimiser(options.optimiser)
        self.epoch = self.step_in_epoch = self.total_steps = 0
        self.rate_factor = 1.0
        self.stop_because = ""
        self.history = History()
        self._epoch_seed = 0
        self._start_from_data(validation, placement)

    @torch.no_grad()
    def _start_from_data(self, validation: Block | None, placement: Placement) -> None:
        """Set what depends on the data: visible biases, offsets, chains and monitor rows."""
        options, rbm = self.options, self.rbm
        moments = self.source.moments(rbm.visible.support())
        if options.set_visible_bias:
            rbm.visible.set_from_moments(moments)
        hidden = rbm.hidden.mean((moments.mean @ rbm.weights)[None])[0]
        self.offsets = Offsets(moments.mean, hidden)
        if not options.centred:
            self.offsets = Offsets(torch.zeros_like(moments.mean), torch.zeros_like(hidden))
        self.activity = hidden.clone()  # running mean for the sparsity target
        self.sampler: Sampler = make_sampler(
            options.sampler, self.source, moments.mean, self._new_seed()
        )
        seed = self._new_seed()
        held = None
        if validation is not None:
            held = DataSource(validation, placement).first_rows(options.monitor_rows, seed)
        self.monitor_rows = MonitorRows(
            train=self.source.first_rows(options.monitor_rows, seed),
            validation=held,
            data_mean=moments.mean,
            pseudo_likelihood_rows=options.pseudo_likelihood_rows,
        )
        if not rbm.visible.energy(self.monitor_rows.train).isfinite().all():
            raise ValueError(
                "the data has rows that are impossible states of the visible units: the bits of a "
                "thermometer variable must be ones followed by zeros"
            )

    def run(self, max_steps: int | None = None) -> History:
        """Train to the end, or for at most `max_steps` more minibatches."""
        for callback in self.callbacks:
            callback.on_train_start(self)
        last = None if max_steps is None else self.total_steps + max_steps
        while self.epoch < self.options.epochs and not self.stop_because:
            if self.total_steps == last or self._run_epoch(last):
                break
        self.history.stopped_because = self.stop_because
        for callback in self.callbacks:
            callback.on_train_end(self)
        return self.history

    def _run_epoch(self, last: int | None) -> bool:
        """Do (the rest of) an epoch; True when it was left before its end."""
        started = time.perf_counter()
        if self.step_in_epoch == 0:
            self._epoch_seed = self._new_seed()
        batch_size = self.options.batch_size
        for batch in self.source.batches(batch_size, self._epoch_seed, self.step_in_epoch):
            if self.total_steps == last:
                return True
            self.step(batch)
            for callback in self.callbacks:
                callback.on_step_end(self)
            if self.stop_because:
                return True
        self._end_epoch(time.perf_counter() - started)
        return False

    @torch.no_grad()
    def step(self, batch: Batch) -> None:
        """One minibatch: positive phase, negative phase, gradient, step."""
        rbm, options = self.rbm, self.options

        batch = batch.fit_for_products()
        field = rbm.hidden_field(batch.visible)
        hidden = rbm.hidden.mean(field)
        data = phase_statistics(rbm, batch, field, hidden)

        states = self._fantasies(batch, field)
        fantasy = Batch(states, self.sampler.weights(batch.weights))
        fantasy_field = rbm.hidden_field(states)
        model = phase_statistics(rbm, fantasy, fantasy_field, rbm.hidden.mean(fantasy_field))

        mass = batch.weights.sum()
        gradient = log_likelihood_gradient(data, model, self.offsets)
        if options.sparsity_target is not None:
            gradient = self._pulled_towards_sparsity(gradient, options.sparsity_target, data, mass)
        decayed = gradient.weights.with_matrix(rbm.weights, -options.weight_decay)
        gradient = Gradient(decayed, gradient.others)
        momentum = momentum_at(self.epoch, options)
        apply_step(rbm, self.optimiser.step(gradient, self._rates(), momentum), self.offsets)
        if options.centred:
            _follow(self.offsets.hidden, data.hidden, mass, options.offset_rate)

        self.step_in_epoch += 1
        self.total_steps += 1

    def _fantasies(self, batch: Batch, field: Tensor) -> Tensor:
        """Visible states of the negative phase, sparse like the minibatch."""
        if batch.visible.layout == torch.strided:
            return self.sampler.sample(self.rbm, field, self.generator)
        share = self.options.zeros_sampled
        if share is None:
            # Where the data have few entries, so has what the machine makes of them.
            return csr_of_dense(self.sampler.sample(self.rbm, field, self.generator))
        return reconstruct_sparsely(
            self.rbm,
            batch.visible,
            field,
            share=share,
            steps=self.options.sampler.steps,
            generator=self.generator,
        )

    def _pulled_towards_sparsity(
        self, gradient: Gradient, target: float, data: PhaseStatistics, mass: Tensor
    ) -> Gradient:
        """Return the gradient with that of -(cross-entropy of target and mean activity).

        Its derivative by the input of unit j is q - q̂_j, and that input moves with b_j and, through
        v, with W_ij (Hinton 2012, section 11).
        """
        options = self.options
        _follow(self.activity, data.hidden, mass, 1 - options.sparsity_decay)
        pull = options.sparsity_cost * (target - self.activity)
        others = {**gradient.others, "hidden_bias": gradient.others["hidden_bias"] + pull}
        apart = data.visible - mass * self.offsets.visible
        return Gradient(gradient.weights.with_rows(apart, pull), others)

    def _rates(self) -> Rates:
        rate = learning_rate_at(self.epoch, self.options) * self.rate_factor
        others = self.options.bias_learning_rate
        bias_rate = rate if others is None else rate * others / self.options.learning_rate
        return Rates(rate, bias_rate)

    def _end_epoch(self, seconds: float) -> None:
        options = self.options
        done = self.epoch + 1
        if done % options.monitor_every == 0 or done == options.epochs:
            measured: dict[str, Any] = measure(self.rbm, self.monitor_rows)
            record = EpochRecord(
                epoch=done,
                step=self.total_steps,
                learning_rate=learning_rate_at(self.epoch, options) * self.rate_factor,
                momentum=momentum_at(self.epoch, options),
                seconds=seconds,
                **measured,
            )
            self.history.records.append(record)
        self.epoch = done
        self.step_in_epoch = 0
        for callback in self.callbacks:
            callback.on_epoch_end(self)

    def _new_seed(self) -> int:
        draw = torch.randint(2**62, (), generator=self.generator, device=self.generator.device)
        return int(draw)

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides how the training goes on: copied tensors and JSON-able values.

        The data and the options are not in it: give the same ones again.
        """
        state = {
            "rbm": self.rbm.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "sampler": self.sampler.state_dict(),
            "offsets": {"visible": self.offsets.visible, "hidden": self.offsets.hidden},
            "activity": self.activity,
            "generator": self.generator.get_state(),
            "monitor_rows": {
                "train": self.monitor_rows.train,
                "validation": self.monitor_rows.validation,
            },
            "epoch": self.epoch,
            "step_in_epoch": self.step_in_epoch,
            "total_steps": self.total_steps,
            "epoch_seed": self._epoch_seed,
            "rate_factor": self.rate_factor,
            "stop_because": self.stop_because,
            "history": self.history.to_dicts(),
            "callbacks": [callback.state_dict() for callback in self.callbacks],
        }
        return copy.deepcopy(state)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        state = copy.deepcopy(state)
        self.rbm.load_state_dict(state["rbm"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.sampler.load_state_dict(state["sampler"])
        self.offsets = Offsets(state["offsets"]["visible"], state["offsets"]["hidden"])
        self.activity = state["activity"]
        self.generator.set_state(state["generator"])
        self.monitor_rows = MonitorRows(
            train=state["monitor_rows"]["train"],
            validation=state["monitor_rows"]["validation"],
            data_mean=self.monitor_rows.data_mean,
            pseudo_likelihood_rows=self.options.pseudo_likelihood_rows,
        )
        self.epoch = int(state["epoch"])
        self.step_in_epoch = int(state["step_in_epoch"])
        self.total_steps = int(state["total_steps"])
        self._epoch_seed = int(state["epoch_seed"])
        self.rate_factor = float(state["rate_factor"])
        self.stop_because = str(state["stop_because"])
        self.history = History.from_dicts(state["history"], self.stop_because)
        for callback, saved in zip(self.callbacks, state["callbacks"], strict=True):
            callback.load_state_dict(saved)


def _follow(mean: Tensor, total: Tensor, mass: Tensor, rate: float) -> None:
    """Move a running mean towards total/mass; rows without weight do not move it."""
    mean.lerp_(total / mass.clamp(min=1e-12), (rate * mass).clamp(max=1))
