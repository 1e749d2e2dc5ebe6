"""The training of an RBM: `fit_rbm`, and the `Trainer` whose `step` is one minibatch."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ebm.loop import Callback, ResumableLoop
from ebm.rbm import RBM
from ebm.sampling import ContrastiveDivergence, ParallelTempering, PersistentChains, Sampler
from ebm.sampling.sampled_zeros import reconstruct_sparsely
from ebm.sparse import csr_of_dense
from ebm.train.batches import Batch, DataSource, Matrix, Placement, Stream
from ebm.train.gradient import (
    Gradient,
    Offsets,
    PhaseStatistics,
    apply_update,
    log_likelihood_gradient,
    phase_statistics,
)
from ebm.train.monitors import EpochRecord, History, MonitorRows, measure
from ebm.train.options import SamplerOptions, TrainingOptions
from ebm.train.update_rule import Rates, make_update_rule
from ebm.units import Bernoulli


def fit_rbm(
    rbm: RBM,
    data: Matrix | Stream,
    options: TrainingOptions | None = None,
    *,
    validation: Matrix | None = None,
    sample_weight: Any = None,
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

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli, TrainingOptions, fit_rbm
    >>> bits = torch.eye(2).repeat_interleave(4, dim=1).repeat(100, 1)  # two patterns of 8 bits
    >>> rbm, generator = RBM(Bernoulli(8), Bernoulli(4)), torch.Generator().manual_seed(1)
    >>> options = TrainingOptions(epochs=20, batch_size=20, learning_rate=0.1)
    >>> last = fit_rbm(rbm, bits, options, generator=generator).records[-1]
    >>> last.epoch, last.step
    (20, 200)
    >>> last.reconstruction_cross_entropy_nats < last.independent_bit_cross_entropy_nats
    True
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


class Trainer(ResumableLoop[Batch, History]):
    """The training of an RBM, to be stopped after any step and continued bit for bit.

    Parameters are those of `fit_rbm`; for stopping and continuing see `ResumableLoop`.

    Attributes
    ----------
    rbm : RBM
    rate_factor : float
        What callbacks have lowered the learning rate to, times the schedule.
    history : History

    Examples
    --------
    >>> import torch
    >>> from ebm import RBM, Bernoulli, Trainer, TrainingOptions
    >>> bits = torch.eye(8).repeat(50, 1)
    >>> def begin():
    ...     rbm, generator = RBM(Bernoulli(8), Bernoulli(4)), torch.Generator().manual_seed(1)
    ...     return Trainer(rbm, bits, TrainingOptions(epochs=3), generator=generator)
    >>> whole, stopped, continued = begin(), begin(), begin()
    >>> history = whole.run()
    >>> unfinished = stopped.run(max_steps=5)
    >>> continued.load_state_dict(stopped.state_dict())
    >>> continued.run() == history
    True
    >>> torch.equal(continued.rbm.weights, whole.rbm.weights)
    True
    """

    options: TrainingOptions

    def __init__(
        self,
        rbm: RBM,
        data: Matrix | Stream,
        options: TrainingOptions,
        *,
        validation: Matrix | None = None,
        sample_weight: Any = None,
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
        super().__init__(options, History(), generator, callbacks)
        self.rbm = rbm
        placement = Placement(rbm.weights.dtype, rbm.weights.device)
        self.source = DataSource(data, placement, sample_weight)
        self.has_validation = validation is not None
        self.update_rule = make_update_rule(options.optimiser)
        self.rate_factor = 1.0
        self._start_from_data(validation, placement)

    @torch.no_grad()
    def _start_from_data(self, validation: Matrix | None, placement: Placement) -> None:
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
        self.sampler = make_sampler(options.sampler, self.source, moments.mean, self.new_seed())
        seed = self.new_seed()
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

    def batches(self) -> Iterable[Batch]:  # noqa: D102
        return self.source.batches(self.options.batch_size, self.epoch_seed, self.step_in_epoch)

    @torch.no_grad()
    def step(self, batch: Batch) -> None:
        """One minibatch: positive phase, negative phase, gradient, update."""
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
        momentum = options.momentum_at(self.epoch)
        update = self.update_rule.update(gradient, self._rates(), momentum)
        apply_update(rbm, update, self.offsets)
        if options.centred:
            follow(self.offsets.hidden, data.hidden, mass, options.offset_rate)

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
        follow(self.activity, data.hidden, mass, 1 - options.sparsity_decay)
        pull = options.sparsity_cost * (target - self.activity)
        others = {**gradient.others, "hidden_bias": gradient.others["hidden_bias"] + pull}
        apart = data.visible - mass * self.offsets.visible
        return Gradient(gradient.weights.with_rows(apart, pull), others)

    def _rates(self) -> Rates:
        rate = self.options.learning_rate_at(self.epoch) * self.rate_factor
        others = self.options.bias_learning_rate
        bias_rate = rate if others is None else rate * others / self.options.learning_rate
        return Rates(rate, bias_rate)

    def end_epoch(self, seconds: float) -> None:  # noqa: D102
        options = self.options
        if self.epoch % options.monitor_every and self.epoch != options.epochs:
            return
        measured: dict[str, Any] = measure(self.rbm, self.monitor_rows)
        record = EpochRecord(
            epoch=self.epoch,
            step=self.total_steps,
            learning_rate=options.learning_rate_at(self.epoch - 1) * self.rate_factor,
            momentum=options.momentum_at(self.epoch - 1),
            seconds=seconds,
            **measured,
        )
        self.history.records.append(record)

    def learned_state(self) -> dict[str, Any]:  # noqa: D102
        return {
            "rbm": self.rbm.state_dict(),
            "update_rule": self.update_rule.state_dict(),
            "sampler": self.sampler.state_dict(),
            "offsets": {"visible": self.offsets.visible, "hidden": self.offsets.hidden},
            "activity": self.activity,
            "monitor_rows": {
                "train": self.monitor_rows.train,
                "validation": self.monitor_rows.validation,
            },
            "rate_factor": self.rate_factor,
        }

    def load_learned_state(self, state: Mapping[str, Any]) -> None:  # noqa: D102
        self.rbm.load_state_dict(state["rbm"])
        self.update_rule.load_state_dict(state["update_rule"])
        self.sampler.load_state_dict(state["sampler"])
        self.offsets = Offsets(state["offsets"]["visible"], state["offsets"]["hidden"])
        self.activity = state["activity"]
        self.monitor_rows = MonitorRows(
            train=state["monitor_rows"]["train"],
            validation=state["monitor_rows"]["validation"],
            data_mean=self.monitor_rows.data_mean,
            pseudo_likelihood_rows=self.options.pseudo_likelihood_rows,
        )
        self.rate_factor = float(state["rate_factor"])


def make_sampler(
    options: SamplerOptions, source: DataSource, visible_mean: Tensor, seed: int
) -> Sampler:
    """Sampler of the negative phase; lasting chains begin at `options.chains` random data rows."""
    if options.kind == "cd":
        return ContrastiveDivergence(options.steps)
    return make_chains(options, source.first_rows(options.chains, seed), visible_mean)


def make_chains(options: SamplerOptions, start: Tensor, visible_mean: Tensor) -> Sampler:
    """Lasting chains of the kind that the options name, beginning at rows of visible states."""
    if options.kind == "pcd":
        return PersistentChains(start, options.steps)
    betas = torch.linspace(0, 1, options.temperatures)
    return ParallelTempering(start, betas, options.steps, visible_mean)


def follow(mean: Tensor, total: Tensor, mass: Tensor, rate: float) -> None:
    """Move a running mean towards total/mass; rows without weight do not move it."""
    mean.lerp_(total / mass.clamp(min=1e-12), (rate * mass).clamp(max=1))
