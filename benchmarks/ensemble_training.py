"""An ensemble trained together, beside as many networks trained one after the other.

    python benchmarks/ensemble_training.py [--members 5]

Prints seconds for BACE-1: the networks one after the other, each with a stack of its own; an
ensemble that shares one stack, in one process; the same in two processes. Then the time of one step
of fine-tuning: network by network, and as one batched model that reads the compounds once.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.optim import AdamW

from ebm.network import Network
from ebm.sparse import sparse_times_dense, to_torch_csr
from ebm.threads import one_thread
from screening.assay import curate
from screening.features import Encoder, FeatureSet
from screening.learners import ModelOptions
from screening.learners.networks import EncodedPart, train_ensembles
from screening.tables import read_table

STEPS = 40


def seconds_of(work: Callable[[], object]) -> float:
    """Return the best of two."""
    found = []
    for _ in range(2):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return min(found)


def step_of_each(networks: list[Network], optimisers: list[AdamW], x: torch.Tensor) -> None:
    """One step of every network, one after the other."""
    for network, optimiser in zip(networks, optimisers, strict=True):
        optimiser.zero_grad()
        logits = network(x)
        binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()
        optimiser.step()


def batched(networks: list[Network], x: torch.Tensor) -> Callable[[], None]:
    """Return one step of all networks as one model: a wide first layer, then batched products."""
    layers = [list(network.affines()) for network in networks]
    first = torch.cat([own[0].weights.detach() for own in layers], dim=1).requires_grad_()
    upper = [
        torch.stack([own[depth].weights.detach() for own in layers]).requires_grad_()
        for depth in range(1, len(layers[0]))
    ]
    optimiser = AdamW([first, *upper], 1e-3, fused=True)

    def step() -> None:
        optimiser.zero_grad()
        state = sparse_times_dense(x, first)
        state = state.relu().reshape(len(state), len(networks), -1).transpose(0, 1)
        for depth, weights in enumerate(upper):
            state = torch.bmm(state, weights)
            if depth + 1 < len(upper):
                state = state.relu()
        binary_cross_entropy_with_logits(state, torch.ones_like(state)).backward()
        optimiser.step()

    return step


def main() -> None:
    """Time everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--members", type=int, default=ModelOptions().ensemble_size)
    members = parser.parse_args().members
    samples = Path(__file__).parents[1] / "data" / "samples"
    assay = curate(read_table(str(samples / "bace.csv"), smiles_column="mol"), ("Class",))
    options = ModelOptions(ensemble_size=members)
    raw = FeatureSet(options.features).by_block(assay.mols)
    x = Encoder().fit(raw).transform(raw)
    alone = ModelOptions(ensemble_size=1)

    def separate() -> None:
        for seed in range(members):
            train_ensembles([EncodedPart(x, assay.labels, seed, 1)], alone)

    def shared(workers: int) -> Callable[[], object]:
        part = [EncodedPart(x, assay.labels, 0, members)]
        return lambda: train_ensembles(part, options, workers=workers)

    apart = seconds_of(separate)
    print(f"{members} networks, one after the other:    {apart:6.1f} s")
    for workers in (1, 2):
        spent = seconds_of(shared(workers))
        print(
            f"one ensemble, {workers} processes: {spent:6.1f} s, {apart / spent:.2f} times as fast"
        )

    rows = to_torch_csr(x[: options.batch_size], torch.float32, "cpu")
    generator = torch.Generator().manual_seed(0)
    sizes = [x.shape[1], *options.hidden]
    networks = [
        Network.from_sizes(sizes, 1, activation="relu", generator=generator) for _ in range(members)
    ]
    optimisers = [AdamW(network.parameters(), 1e-3, fused=True) for network in networks]
    together = batched(networks, rows)
    with one_thread():
        each = seconds_of(lambda: [step_of_each(networks, optimisers, rows) for _ in range(STEPS)])
        one = seconds_of(lambda: [together() for _ in range(STEPS)])
    print(
        f"a step of {members} networks: {1e3 * each / STEPS:.1f} ms each by itself, "
        f"{1e3 * one / STEPS:.1f} ms as one batched model, {each / one:.2f} times"
    )


if __name__ == "__main__":
    main()
