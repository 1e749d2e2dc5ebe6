"""The losses, with missing labels masked and every row and class given its weight.

For the entries (i, t) that have a label, with sample weights w (mean one) and class weights c,

    loss = Σ w_i · c_t(y_it) · l(logit_it, y_it) / (number of entries that have a label)

where l is the cross-entropy in nats, computed from logits. An entry without a label (NaN) counts
neither above nor below. A yes/no label may be graded: 0.8 is eight tenths of a yes and two tenths
of a no, and costs as much as they do.

For numbers l is half the squared difference, the cross-entropy of a Gaussian of variance one but
for a constant, and there are no classes (c = 1).
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ebm.finetune.options import FinetuneOptions
from ebm.train.batches import Placement


@dataclass(frozen=True)
class Loss:
    """Sum and count of a masked, weighted cross-entropy.

    Attributes
    ----------
    multi_class : bool
        One softmax over the logits, or one sigmoid for each.
    class_weights : Tensor
        Shape (n_classes,) for multi-class, else (2, n_tasks): row 0 of the negatives.
    label_smoothing : float
    """

    multi_class: bool
    class_weights: Tensor
    label_smoothing: float = 0.0

    def total(self, logits: Tensor, labels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted sum of the losses of all present labels, and their number: two scalars.

        Parameters
        ----------
        logits : Tensor of shape (n, n_outputs)
        labels : Tensor of shape (n, n_tasks), or (n, 1) with class numbers for multi-class
            NaN where missing.
        weights : Tensor of shape (n,)
        """
        present = ~labels.isnan()
        target = torch.where(present, labels, 0.0)
        losses = (
            self._softmax(logits, target) if self.multi_class else self._sigmoid(logits, target)
        )
        return (losses * present * weights[:, None]).sum(), present.sum()

    def mean(self, logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        """Sum over number of present labels (0 when there is none)."""
        total, count = self.total(logits, labels, weights)
        return total / count.clamp(min=1)

    def without_smoothing(self) -> "Loss":
        """Return the same loss with plain targets."""
        return replace(self, label_smoothing=0.0)

    def to(self, placement: Placement) -> "Loss":
        """Return the same loss on another device, in another number type."""
        moved = self.class_weights.to(dtype=placement.dtype, device=placement.device)
        return replace(self, class_weights=moved)

    def _sigmoid(self, logits: Tensor, target: Tensor) -> Tensor:
        yes, no = target * self.class_weights[1], (1 - target) * self.class_weights[0]
        weight = yes + no
        share = torch.where(weight > 0, yes / weight, target)
        smooth = share * (1 - self.label_smoothing) + self.label_smoothing / 2
        return weight * binary_cross_entropy_with_logits(logits, smooth, reduction="none")

    def _softmax(self, logits: Tensor, target: Tensor) -> Tensor:
        index = target.long()
        log_probability = torch.log_softmax(logits, 1)
        right = log_probability.gather(1, index)
        mean = log_probability.mean(1, keepdim=True)
        smooth = (1 - self.label_smoothing) * right + self.label_smoothing * mean
        return -self.class_weights[index] * smooth


@dataclass(frozen=True)
class SquaredLoss:
    """Sum and count of masked, weighted halves of squared differences; see `Loss`."""

    def total(self, outputs: Tensor, labels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted sum of the losses of all present numbers, and how many there are: two scalars.

        Parameters
        ----------
        outputs, labels : Tensor of shape (n, n_outputs)
            NaN where missing.
        weights : Tensor of shape (n,)
        """
        present = ~labels.isnan()
        losses = (outputs - torch.where(present, labels, 0.0)).square() / 2
        return (losses * present * weights[:, None]).sum(), present.sum()

    def mean(self, outputs: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
        """Sum over number of present labels (0 when there is none)."""
        total, count = self.total(outputs, labels, weights)
        return total / count.clamp(min=1)

    def without_smoothing(self) -> "SquaredLoss":
        """Return the same loss: numbers are not smoothed."""
        return self

    def to(self, placement: Placement) -> "SquaredLoss":
        """Return the same loss: it has no numbers of its own."""
        del placement
        return self


def check_labels(y: Any, rows: int, n_outputs: int, options: FinetuneOptions) -> Tensor:
    """Return labels as a float64 tensor of shape (rows, n_tasks), or raise ValueError.

    Class numbers of a multi-class task have shape (rows, 1); other labels are from 0 to 1. Missing
    labels are NaN. In a regression they are any finite numbers.
    """
    labels = torch.as_tensor(y).to(torch.float64)
    if labels.ndim == 1:
        labels = labels[:, None]
    tasks = 1 if options.task == "multi_class" else n_outputs
    if options.task == "binary" and n_outputs != 1:
        raise ValueError(f"a binary task needs a network with one output, not {n_outputs}")
    if labels.shape != (rows, tasks):
        raise ValueError(f"y has shape {tuple(labels.shape)}, but ({rows}, {tasks}) is wanted")
    present = ~labels.isnan()
    if not present.any():
        raise ValueError("y has no label at all: every value is missing")
    if options.task == "regression":
        if labels.isinf().any():
            row, task = torch.nonzero(labels.isinf())[0].tolist()
            raise ValueError(f"y is infinite at row {row}, column {task}")
        return labels
    highest = n_outputs - 1 if options.task == "multi_class" else 1
    good = (labels >= 0) & (labels <= highest)
    kind = "number"
    if options.task == "multi_class":
        good &= labels == labels.round()
        kind = "whole number"
    if not (good | ~present).all():
        row, task = torch.nonzero(present & ~good)[0].tolist()
        raise ValueError(
            f"y is {float(labels[row, task])} at row {row}, column {task}; a label must be "
            f"a {kind} from 0 to {highest}, or NaN when it is missing"
        )
    return labels


def make_loss(labels: Tensor, n_outputs: int, options: FinetuneOptions) -> Loss | SquaredLoss:
    """Loss of a task, with its class weights learned from checked training labels."""
    if options.task == "regression":
        return SquaredLoss()
    multi_class = options.task == "multi_class"
    n_classes = n_outputs if multi_class else 2
    # (n_classes, n_tasks): how often each class occurs.
    if multi_class:
        counts = torch.stack([(labels == number).sum(0) for number in range(n_classes)]).double()
    else:
        counts = torch.stack([(1 - labels).nansum(0), labels.nansum(0)])
    if options.class_weight is None:
        weights = torch.ones_like(counts)
    elif options.class_weight == "balanced":
        weights = counts.sum(0) / (n_classes * counts.clamp(min=1))
    else:
        given = torch.as_tensor(options.class_weight, dtype=torch.float64)
        given = given[:, None] if given.ndim == 1 else given.T
        if given.shape not in {(n_classes, 1), (n_classes, counts.shape[1])}:
            raise ValueError(
                f"class_weight has shape {tuple(torch.as_tensor(options.class_weight).shape)}, but "
                f"{n_classes} numbers are wanted (or as many for each of {counts.shape[1]} tasks)"
            )
        if not (given.isfinite().all() and (given >= 0).all()):
            raise ValueError("class_weight must be finite and not negative")
        weights = given.expand_as(counts)
    return Loss(multi_class, weights[:, 0] if multi_class else weights, options.label_smoothing)
