"""Greedy pretraining: each RBM learns the hidden means of the one below."""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from ebm.dbn.labels import append_labels
from ebm.dbn.stack import DBN
from ebm.rbm import RBM
from ebm.train import Callback, History, Trainer, TrainingOptions, fit_rbm
from ebm.train.batches import Matrix, Placement, Stream
from ebm.train.checks import check_block
from ebm.units import Bernoulli, Blocks, Softmax, Unit, unit_from_config

ROWS_AT_ONCE = 4096
CallbackMaker = Callable[[int], Sequence[Callback]]


def pretrain_greedily(
    data: Matrix | Stream,
    layers: Sequence[int | Unit],
    options: TrainingOptions | Sequence[TrainingOptions] | None = None,
    *,
    visible: Unit | None = None,
    labels: Any = None,
    n_classes: int | None = None,
    validation: Matrix | None = None,
    sample_weight: Any = None,
    weight_scale: float = 0.01,
    generator: torch.Generator,
    callbacks: CallbackMaker | None = None,
    device: torch.device | str | None = None,
) -> tuple[DBN, list[History]]:
    """Train a stack of RBMs from the bottom up.

    Parameters
    ----------
    data : Tensor, array, scipy sparse matrix, or callable returning an iterable of such blocks
        One row an example, as for `fit_rbm`. Hidden means of the data go up to the next RBM.
    layers : sequence of int or Unit
        Hidden layers, bottom first; a number stands for so many Bernoulli units.
    options : TrainingOptions or one for each layer, optional
    visible : Unit, optional
        The visible layer; by default Bernoulli units, one for each column. Above it, the visible
        layer of each RBM has the kind of the hidden layer below.
    labels : array of shape (n,), optional
        Class numbers from 0. They join the top RBM's visible layer as a softmax block, so that it
        learns the joint law of features and label.
    n_classes : int, optional
        Number of classes; by default the largest label plus one.
    validation : Tensor, array or sparse matrix, optional
        Rows for the monitors, carried up like the data (not with `labels` at the top RBM).
    sample_weight : array of shape (n,), optional
        Weight of each row.
    weight_scale : float
        Standard deviation of initial weights.
    generator : torch.Generator
        The only source of randomness.
    callbacks : callable, optional
        Takes the number of a layer (0 is the lowest) and returns its training's callbacks.
    device : torch.device or str, optional
        Where to train.

    Returns
    -------
    dbn : DBN
    histories : list of History
        One for each RBM.

    Examples
    --------
    >>> bits = (torch.rand(200, 20) < 0.3).float()
    >>> dbn, histories = pretrain_greedily(
    ...     bits, [16, 8], TrainingOptions(epochs=2), generator=torch.Generator().manual_seed(1)
    ... )
    >>> dbn.sizes
    [20, 16, 8]
    """
    pretrainer = GreedyPretrainer(
        data,
        layers,
        options,
        visible=visible,
        labels=labels,
        n_classes=n_classes,
        validation=validation,
        sample_weight=sample_weight,
        weight_scale=weight_scale,
        generator=generator,
        callbacks=callbacks,
        device=device,
    )
    return pretrainer.run()


def continue_greedily(
    dbn: DBN, data: Matrix, options: TrainingOptions, *, generator: torch.Generator
) -> tuple[DBN, list[History]]:
    """Train each RBM of a stack further, from the bottom up; the given one stays as it is.

    Parameters
    ----------
    dbn : DBN
        Pretrained on other data of the same columns, without labels.
    data : Tensor, array or scipy sparse matrix of shape (n, n_visible)
    options : TrainingOptions
        Of every RBM. Visible biases are learned on, not set anew from the data.
    generator : torch.Generator

    Returns
    -------
    dbn : DBN
    histories : list of History
        One for each RBM.

    Examples
    --------
    >>> import torch
    >>> from ebm import TrainingOptions, pretrain_greedily
    >>> from ebm.dbn import continue_greedily
    >>> generator, options = torch.Generator().manual_seed(1), TrainingOptions(epochs=2)
    >>> bits = (torch.rand(300, 20, generator=generator) < 0.3).float()
    >>> dbn, _ = pretrain_greedily(bits[:200], [16, 8], options, generator=generator)
    >>> further, histories = continue_greedily(dbn, bits[200:], options, generator=generator)
    >>> further.sizes, len(histories)
    ([20, 16, 8], 2)
    """
    options = replace(options, set_visible_bias=False)
    machines: list[RBM] = []
    histories: list[History] = []
    below: Any = data
    for machine in dbn.machines:
        trained = copy.deepcopy(machine)
        histories.append(fit_rbm(trained, below, options, generator=generator))
        machines.append(trained)
        if len(machines) < len(dbn.machines):
            below = hidden_means(trained, below)
    return DBN(machines), histories


class GreedyPretrainer:
    """A greedy pretraining that can be stopped after any step and continued bit for bit.

    Build a second one with the same arguments, give it the first one's `state_dict()`, and `run`.
    Parameters are those of `pretrain_greedily`.

    Attributes
    ----------
    trainer : Trainer
        Of the layer that is being trained.
    finished : list of RBM
        The layers below it.
    total_steps : int
        Minibatches done, over all layers.
    depth : int
        Number of layers that there will be.
    """

    def __init__(
        self,
        data: Matrix | Stream,
        layers: Sequence[int | Unit],
        options: TrainingOptions | Sequence[TrainingOptions] | None = None,
        *,
        visible: Unit | None = None,
        labels: Any = None,
        n_classes: int | None = None,
        validation: Matrix | None = None,
        sample_weight: Any = None,
        weight_scale: float = 0.01,
        generator: torch.Generator,
        callbacks: CallbackMaker | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        if not layers:
            raise ValueError("layers must name at least one hidden layer")
        self._hidden = [
            Bernoulli(unit) if isinstance(unit, int) else copy.deepcopy(unit) for unit in layers
        ]
        self.depth = len(layers)
        if options is None or isinstance(options, TrainingOptions):
            options = [options or TrainingOptions()] * len(layers)
        if len(options) != len(layers):
            raise ValueError(f"{len(layers)} layers need as many options, not {len(options)}")
        self.options = list(options)
        self.generator = generator
        self._visible = copy.deepcopy(visible)
        self._labels = labels
        self.label_size = _label_size(labels, n_classes)
        self._sample_weight = sample_weight
        self.weight_scale = weight_scale
        self._callbacks: CallbackMaker = callbacks or (lambda _: ())
        self._device = device
        self.finished: list[RBM] = []
        self.histories: list[History] = []
        self._data: Matrix | Stream = data
        self._validation = validation
        self._steps_below = 0
        self.trainer = self._start_layer()

    @property
    def total_steps(self) -> int:
        """Minibatches done, over all layers."""
        return self._steps_below + self.trainer.total_steps

    def run(self, max_steps: int | None = None) -> tuple[DBN, list[History]]:
        """Train to the end, or for at most `max_steps` more minibatches.

        Returns
        -------
        dbn : DBN
            The layers that have been trained so far, the current one included.
        histories : list of History
        """
        last = None if max_steps is None else self.total_steps + max_steps
        while True:
            self.trainer.run(None if last is None else last - self.total_steps)
            if not self.trainer.is_over or len(self.finished) + 1 == len(self._hidden):
                break
            self._finish_layer()
        return self._result()

    def _start_layer(self) -> Trainer:
        number = len(self.finished)
        data, validation = self._data, self._validation
        visible = self._visible_layer()
        if self.label_size and number + 1 == len(self._hidden):
            data = append_labels(data, self._labels, self.label_size)
            validation = None
            visible = Blocks([visible, Softmax(self.label_size)])
        return Trainer(
            self.new_machine(visible, self._hidden[number], number),
            data,
            self.options[number],
            validation=validation,
            sample_weight=self._sample_weight,
            generator=self.generator,
            callbacks=self._callbacks(number),
            device=self._device,
        )

    def new_machine(self, visible: Unit, hidden: Unit, number: int) -> RBM:  # noqa: ARG002
        """Return the machine of a layer, counted from 0, as it begins."""
        return RBM(visible, hidden, weight_scale=self.weight_scale, generator=self.generator)

    def _visible_layer(self) -> Unit:
        if self.finished:
            return unit_from_config(self.finished[-1].hidden.to_config())
        if self._visible is not None:
            return self._visible
        return Bernoulli(_width(self._data))

    def _finish_layer(self) -> None:
        self.histories.append(self.trainer.history)
        self._steps_below = self.total_steps
        self._carry_up(self.trainer.rbm)
        self.trainer = self._start_layer()

    def _carry_up(self, rbm: RBM) -> None:
        self.finished.append(rbm)
        self._data = hidden_means(rbm, self._data)
        if self._validation is not None:
            self._validation = hidden_means(rbm, self._validation)

    def _result(self) -> tuple[DBN, list[History]]:
        rbms = [*self.finished, self.trainer.rbm]
        labels = self.label_size if len(rbms) == len(self._hidden) else 0
        return DBN(rbms, label_size=labels), [*self.histories, self.trainer.history]

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides how the training goes on: copied tensors and JSON-able values.

        The data and the options are not in it: give the same ones again.
        """
        state = {
            "finished": [rbm.state_dict() for rbm in self.finished],
            "steps_below": self._steps_below,
            "histories": [history.to_dict() for history in self.histories],
        }
        return {**copy.deepcopy(state), "trainer": self.trainer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken; to be called before the first `run`."""
        if self.finished:
            raise ValueError("a state must be loaded into a pretraining that has not run yet")
        for weights, history in zip(state["finished"], state["histories"], strict=True):
            rbm = self.trainer.rbm
            rbm.load_state_dict(weights)
            self.histories.append(History.from_dict(history))
            self._carry_up(rbm)
            self.trainer = self._start_layer()
        self._steps_below = int(state["steps_below"])
        self.trainer.load_state_dict(state["trainer"])


@torch.no_grad()
def hidden_means(rbm: RBM, data: Matrix | Stream) -> Tensor | Stream:
    """E[h | v] of every row: a dense tensor, or a stream when the data are one."""
    if callable(data) and not isinstance(data, Tensor):
        stream = data

        def blocks() -> Iterator[Tensor]:
            for block in stream():
                yield _means(rbm, block)

        return blocks
    return _means(rbm, data)


@torch.no_grad()
def _means(rbm: RBM, block: Matrix) -> Tensor:
    block = check_block(block)
    place = Placement(rbm.weights.dtype, rbm.weights.device).place
    starts = range(0, block.shape[0], ROWS_AT_ONCE)
    return torch.cat([rbm.hidden_mean(place(block[s : s + ROWS_AT_ONCE])) for s in starts])


def _label_size(labels: Any, n_classes: int | None) -> int:
    if labels is None:
        return 0
    return n_classes or int(torch.as_tensor(labels).max()) + 1


def _width(data: Matrix | Stream) -> int:
    if callable(data) and not isinstance(data, Tensor):
        data = next(iter(data()))
    return int(check_block(data).shape[1])
