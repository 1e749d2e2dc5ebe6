"""The losses against literal loops."""

import math

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight

from ebm import FinetuneOptions
from ebm.finetune.losses import SquaredLoss, check_labels, make_loss


def literal_sigmoid_loss(logits, labels, weights, class_weights, smoothing):
    total, count = 0.0, 0
    for i, row in enumerate(logits.tolist()):
        for t, logit in enumerate(row):
            y = float(labels[i, t])
            if math.isnan(y):
                continue
            p = 1 / (1 + math.exp(-logit))
            target = y * (1 - smoothing) + smoothing / 2
            cross_entropy = -target * math.log(p) - (1 - target) * math.log(1 - p)
            total += float(weights[i]) * class_weights[int(y)][t] * cross_entropy
            count += 1
    return total / count


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("class_weight", [None, [0.5, 3.0], [[1.0, 2.0], [0.3, 0.7], [4.0, 1.0]]])
def test_masked_multi_task_loss(smoothing, class_weight, generator):
    logits = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    labels = (torch.rand(20, 3, generator=generator) < 0.4).double()
    labels[torch.rand(20, 3, generator=generator) < 0.5] = torch.nan
    labels[5] = torch.nan
    weights = torch.rand(20, generator=generator, dtype=torch.float64)
    options = FinetuneOptions(
        task="multi_label", class_weight=class_weight, label_smoothing=smoothing
    )
    loss = make_loss(labels, 3, options)
    table = torch.tensor([1.0, 1.0] if class_weight is None else class_weight)
    table = table[:, None].expand(2, 3) if table.ndim == 1 else table.T
    expected = literal_sigmoid_loss(logits, labels, weights, table.tolist(), smoothing)
    assert float(loss.mean(logits, labels, weights)) == pytest.approx(expected, rel=1e-6)


def test_a_graded_label_costs_what_its_shares_of_yes_and_no_cost(generator):
    logits = torch.randn(30, 2, generator=generator, dtype=torch.float64)
    graded = torch.rand(30, 2, generator=generator, dtype=torch.float64)
    graded[4, 1] = torch.nan
    options = FinetuneOptions(
        task="multi_label", class_weight=[[0.5, 3.0], [2.0, 1.0]], label_smoothing=0.1
    )
    loss = make_loss(graded, 2, options)
    ones = torch.ones(30, dtype=torch.float64)
    yes, no = (torch.where(graded.isnan(), graded, value) for value in (1.0, 0.0))
    expected = loss.total(logits, yes, ones)[0] * 0
    for share, labels in ((graded, yes), (1 - graded, no)):
        for i in range(30):
            for t in range(2):
                one = torch.full_like(graded, torch.nan)
                one[i, t] = labels[i, t]
                if not graded[i, t].isnan():
                    expected += share[i, t] * loss.total(logits, one, ones)[0]
    assert float(loss.total(logits, graded, ones)[0]) == pytest.approx(float(expected), rel=1e-9)


def test_balanced_weights_of_graded_labels_count_shares():
    labels = torch.tensor([[0.75], [0.25], [0.25], [torch.nan], [0.75]]).double()
    loss = make_loss(labels, 1, FinetuneOptions(class_weight="balanced"))
    np.testing.assert_allclose(loss.class_weights.numpy(), [[1.0], [1.0]])


def test_missing_labels_have_no_gradient():
    logits = torch.zeros(4, 2, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([[0, 1], [1, torch.nan], [torch.nan, torch.nan], [1, 0]]).double()
    loss = make_loss(labels, 2, FinetuneOptions(task="multi_label"))
    loss.mean(logits, labels, torch.ones(4).double()).backward()
    assert (logits.grad[labels.isnan()] == 0).all()
    assert (logits.grad[~labels.isnan()] != 0).all()


def test_a_batch_without_labels_has_no_loss_and_no_nan():
    labels = torch.full((3, 2), torch.nan).double()
    known = torch.tensor([[0.0, 1.0]]).double()
    loss = make_loss(known, 2, FinetuneOptions(task="multi_label"))
    logits = torch.zeros(3, 2, dtype=torch.float64, requires_grad=True)
    value = loss.mean(logits, labels, torch.ones(3).double())
    value.backward()
    assert value.item() == 0
    assert (logits.grad == 0).all()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_multi_class_loss_is_torch_cross_entropy(smoothing, generator):
    logits = torch.randn(30, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(4, (30, 1), generator=generator).double()
    loss = make_loss(labels, 4, FinetuneOptions(task="multi_class", label_smoothing=smoothing))
    expected = torch.nn.functional.cross_entropy(
        logits, labels[:, 0].long(), label_smoothing=smoothing
    )
    assert float(loss.mean(logits, labels, torch.ones(30).double())) == pytest.approx(
        float(expected)
    )


def test_balanced_weights_are_those_of_scikit_learn():
    labels = torch.tensor([0, 0, 0, 0, 1, 2, 2]).double()[:, None]
    loss = make_loss(labels, 3, FinetuneOptions(task="multi_class", class_weight="balanced"))
    expected = compute_class_weight("balanced", classes=np.arange(3), y=labels[:, 0].numpy())
    np.testing.assert_allclose(loss.class_weights.numpy(), expected)


def test_balanced_weights_of_each_task_count_its_present_labels():
    nan = torch.nan
    labels = torch.tensor([[0, 1], [0, nan], [0, 0], [1, nan]]).double()
    loss = make_loss(labels, 2, FinetuneOptions(task="multi_label", class_weight="balanced"))
    np.testing.assert_allclose(loss.class_weights.numpy(), [[4 / 6, 1.0], [2.0, 1.0]])


def test_label_smoothing_is_off_by_default():
    assert FinetuneOptions().label_smoothing == 0


@pytest.mark.parametrize(
    ("task", "y", "message"),
    [
        ("binary", [0, 1, 2], "2.0 at row 2, column 0"),
        ("multi_class", [0, 3, 1], "3.0 at row 1, column 0"),
        ("multi_class", [0, 0.5, 1], "0.5 at row 1"),
        ("binary", [0, 1, -0.1], "-0.1.* at row 2"),
        ("binary", [0, 1], r"shape \(2, 1\)"),
        ("binary", [math.nan] * 3, "no label at all"),
    ],
)
def test_bad_labels_are_named(task, y, message):
    outputs = 3 if task == "multi_class" else 1
    with pytest.raises(ValueError, match=message):
        check_labels(y, 3, outputs, FinetuneOptions(task=task))


def test_wrong_number_of_class_weights():
    labels = torch.tensor([[0.0], [1.0]])
    with pytest.raises(ValueError, match="class_weight has shape"):
        make_loss(labels, 1, FinetuneOptions(class_weight=[1.0, 2.0, 3.0]))


def test_squared_loss_is_half_the_weighted_mean_of_squares() -> None:
    loss = SquaredLoss()
    outputs, labels = torch.tensor([[1.0], [4.0], [9.0]]), torch.tensor([[3.0], [5.0], [torch.nan]])
    found = loss.mean(outputs, labels, torch.tensor([1.0, 2.0, 1.0]))
    assert float(found) == pytest.approx((1 * 4 / 2 + 2 * 1 / 2) / 2)
