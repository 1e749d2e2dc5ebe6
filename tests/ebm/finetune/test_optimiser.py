"""Steps of the optimisers against torch's classes, and what they spare."""

import subprocess
import sys

import pytest
import torch

from ebm import Network
from ebm.finetune.optimiser import SGD, AdamW, DecoupledSGD

RATES = (0.1, 0.03, 0.2)


def make_network():
    return Network.from_sizes([5, 4], 2, generator=torch.Generator().manual_seed(3))


def descend(network, step):
    """Three steps at three rates on the same data."""
    x = torch.linspace(-1, 1, 30).reshape(6, 5)
    for rate in RATES:
        network.zero_grad()
        network(x).square().mean().backward()
        step(rate)


def groups_of(network, decay):
    weights = [value for value in network.parameters() if value.ndim > 1]
    biases = [value for value in network.parameters() if value.ndim <= 1]
    return [
        {"params": weights, "weight_decay": decay},
        {"params": biases, "weight_decay": 0.0},
    ]


def step_of(oracle):
    def step(rate):
        for group in oracle.param_groups:
            group["lr"] = rate
        oracle.step()

    return step


@pytest.mark.parametrize("kind", ["adamw", "sgd", "nesterov"])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_steps_are_those_of_torch(kind, decay):
    ours, theirs = make_network(), make_network()
    groups = groups_of(theirs, decay)
    if kind == "adamw":
        mine = AdamW(ours, decay, 0.8)
        oracle = torch.optim.AdamW(groups, betas=(0.8, 0.999), fused=True)
    else:
        nesterov = kind == "nesterov"
        mine = SGD(ours, decay, 0.8, nesterov=nesterov)
        oracle = torch.optim.SGD(groups, momentum=0.8, nesterov=nesterov)
    descend(ours, mine.step)
    descend(theirs, step_of(oracle))
    for name, value in theirs.named_parameters():
        assert torch.equal(ours.get_parameter(name), value)
        assert {key: v for key, v in mine.kept[name].items() if key != "step"}.keys() == {
            key
            for key, v in oracle.state[value].items()
            if isinstance(v, torch.Tensor) and key != "step"
        }


def test_parameter_without_gradient_stays():
    network = make_network()
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    for optimiser in (AdamW(network, 0.5, 0.9), DecoupledSGD(network, 0.5, 0.9)):
        network.head.bias.grad = torch.ones(2)
        optimiser.step(0.1)
        optimiser.zero_grad()
        assert set(optimiser.kept) == {"head.bias"}
    for name, value in network.named_parameters():
        assert torch.equal(value, before[name]) == (name != "head.bias")


def test_training_does_not_load_the_compiler():
    program = """
import sys, torch, ebm
x = torch.rand(8, 5)
network = ebm.Network.from_sizes([5, 3], 1, generator=torch.Generator().manual_seed(0))
for kind in ("adamw", "sgd"):
    options = ebm.FinetuneOptions(epochs=1, optimiser=kind)
    ebm.fine_tune(network, x, x[:, 0].round(), options, generator=torch.Generator().manual_seed(0))
print("torch._dynamo" in sys.modules)
"""
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "False"
