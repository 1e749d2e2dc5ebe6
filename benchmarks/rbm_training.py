"""Seconds per epoch of RBM training, beside the matrix products alone and other libraries.

    python benchmarks/rbm_training.py [--rows 6000] [--repeats 3] [--threads 2]

All sides see the same random bits (13 % on, as in MNIST) in the same minibatches, with the same
number of Gibbs steps, in one process and in turns. The best of the repeats counts. `products` does
only the matrix products of an epoch, in the same shapes and number, into memory that is there
already: nothing can be faster. rbms and learnergy take part where they are installed; the program
says when they are not. scikit-learn has one Gibbs step only.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from sklearn.neural_network import BernoulliRBM
from torch import Tensor
from torch.utils.data import TensorDataset

from ebm import RBM, Bernoulli, SamplerOptions, TrainingOptions
from ebm.train import Trainer

SHAPES = ((784, 2500), (784, 500))
STEPS = (1, 3)
BATCHES = (32, 100, 512)
RATE = 0.05
OTHERS = ("rbms", "learnergy")


def products(data: Tensor, n_hidden: int, steps: int, batch: int) -> Callable[[], None]:
    """Fields up and down, and one product for each phase."""
    n, n_visible = data.shape
    weights, velocity = torch.randn(n_visible, n_hidden), torch.zeros(n_visible, n_hidden)
    visible, hidden = torch.empty(batch, n_visible), torch.rand(batch, n_hidden)

    def epoch() -> None:
        for start in range(0, n - batch + 1, batch):
            rows = data[start : start + batch]
            torch.mm(rows, weights, out=hidden)
            for _ in range(steps):
                torch.mm(hidden, weights.T, out=visible)
                torch.mm(visible, weights, out=hidden)
            torch.mm(rows.T, hidden, out=velocity)
            torch.mm(visible.T, hidden, out=velocity)

    return epoch


def ours(data: Tensor, n_hidden: int, steps: int, batch: int, centred: bool) -> Callable[[], None]:
    """Continue one training by one epoch each time."""
    rbm = RBM(Bernoulli(data.shape[1]), Bernoulli(n_hidden))
    options = TrainingOptions(
        epochs=10**6,
        batch_size=batch,
        learning_rate=RATE,
        centred=centred,
        monitor_every=10**6,
        sampler=SamplerOptions("cd", steps=steps),
    )
    trainer = Trainer(rbm, data, options, generator=torch.Generator().manual_seed(0))
    return lambda: trainer.run(max_steps=len(data) // batch) and None


def plain_loop(data: Tensor, n_hidden: int, steps: int, batch: int) -> Callable[[], None]:
    """CD with momentum as tutorials write it."""
    n, n_visible = data.shape
    weights = 0.01 * torch.randn(n_visible, n_hidden)
    a, b = torch.zeros(n_visible), torch.zeros(n_hidden)
    momenta = [torch.zeros_like(x) for x in (weights, a, b)]

    @torch.no_grad()
    def epoch() -> None:
        order = torch.randperm(n)
        for start in range(0, n - batch + 1, batch):
            v0 = data[order[start : start + batch]]
            h0 = torch.sigmoid(v0 @ weights + b)
            h = torch.bernoulli(h0)
            for step in range(steps):
                v = torch.bernoulli(torch.sigmoid(h @ weights.T + a))
                p = torch.sigmoid(v @ weights + b)
                h = torch.bernoulli(p) if step < steps - 1 else p
            slopes = ((v0.T @ h0 - v.T @ p) / batch, (v0 - v).mean(0), (h0 - p).mean(0))
            for parameter, momentum, slope in zip((weights, a, b), momenta, slopes, strict=True):
                momentum.mul_(0.9).add_(RATE * slope)
                parameter.add_(momentum)

    return epoch


def scikit_learn(data: Tensor, n_hidden: int, batch: int) -> Callable[[], None]:
    """BernoulliRBM: persistent chains, one Gibbs step, the same five products."""
    array = data.numpy()
    model = BernoulliRBM(n_hidden, learning_rate=RATE, batch_size=batch, n_iter=1, random_state=0)
    return lambda: model.fit(array) and None


def rbms(data: Tensor, n_hidden: int, steps: int, batch: int) -> Callable[[], None]:
    """Do the step of its training loop, CD from the minibatch."""
    step: Any = import_module("rbms.training.pcd").fit_batch_pcd
    machine: Any = import_module("rbms.bernoulli_bernoulli.classes").BBRBM
    n, n_visible = data.shape
    model = machine(
        weight_matrix=0.01 * torch.randn(n_visible, n_hidden),
        vbias=torch.zeros(n_visible),
        hbias=torch.zeros(n_hidden),
    )
    optimiser = torch.optim.SGD(model.parameters(), lr=RATE, maximize=True)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    share = torch.ones(n, 1)

    @torch.no_grad()
    def epoch() -> None:
        order = torch.randperm(n)
        for start in range(0, n - batch + 1, batch):
            rows = order[start : start + batch]
            chains = model.init_chains(batch, weights=share[rows], start_v=data[rows])
            optimiser.zero_grad(set_to_none=False)
            step((data[rows], share[rows]), chains, model, steps, 1.0)
            optimiser.step()

    return epoch


def learnergy(data: Tensor, n_hidden: int, steps: int, batch: int) -> Callable[[], None]:
    """Its own `fit`, for one epoch."""
    machine: Any = import_module("learnergy.models.bernoulli").RBM
    model = machine(n_visible=data.shape[1], n_hidden=n_hidden, steps=steps, learning_rate=RATE)
    rows = TensorDataset(data, torch.zeros(len(data)))
    return lambda: model.fit(rows, batch_size=batch, epochs=1) and None


def sides(data: Tensor, n_hidden: int, steps: int, batch: int) -> dict[str, Callable[[], None]]:
    """Everyone that can do it, by name."""
    there: dict[str, Callable[[], None]] = {
        "products": products(data, n_hidden, steps, batch),
        "ours": ours(data, n_hidden, steps, batch, centred=False),
        "ours, centred": ours(data, n_hidden, steps, batch, centred=True),
        "plain loop": plain_loop(data, n_hidden, steps, batch),
    }
    if steps == 1:
        there["scikit-learn"] = scikit_learn(data, n_hidden, batch)
    if find_spec("rbms"):
        there["rbms"] = rbms(data, n_hidden, steps, batch)
    if find_spec("learnergy"):
        there["learnergy"] = learnergy(data, n_hidden, steps, batch)
    return there


def main() -> None:
    """Print a line for each shape, number of steps and batch size."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=6000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    names = ["products", "ours", "ours, centred", "plain loop", "scikit-learn", *OTHERS]
    for name in OTHERS:
        if find_spec(name) is None:
            print(f"{name} is not installed; its column stays empty.")
    print(f"{'ms a minibatch':24}" + "".join(f"{name:>15}" for name in names))
    for n_visible, n_hidden in SHAPES:
        data = (torch.rand(args.rows, n_visible) < 0.13).float()
        for steps in STEPS:
            for batch in BATCHES:
                seconds = timed(sides(data, n_hidden, steps, batch), args.repeats)
                count = args.rows // batch
                head = f"{n_visible}-{n_hidden} CD-{steps} batch {batch}"
                cells = [
                    f"{1000 * seconds[name] / count:.2f} ({seconds['ours'] / seconds[name]:.2f})"
                    if name in seconds
                    else "-"
                    for name in names
                ]
                print(f"{head:24}" + "".join(f"{cell:>15}" for cell in cells), flush=True)
    print("In parentheses: seconds of `ours` / seconds of this side.")


def timed(epochs: dict[str, Callable[[], None]], repeats: int) -> dict[str, float]:
    """Return the best seconds of each, taken in turns after one round to warm up."""
    best: dict[str, float] = {}
    for turn in range(repeats + 1):
        for name, epoch in epochs.items():
            started = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                epoch()
            if turn:
                best[name] = min(best.get(name, 1e9), time.perf_counter() - started)
    return best


if __name__ == "__main__":
    main()
