"""Up-down training, stopped at any step and continued from a file, is the uninterrupted one."""

import pytest
import torch

from ebm.dbn import pretrain_greedily
from ebm.dbn.up_down import UpDownTrainer
from ebm.dbn.up_down_options import UpDownOptions
from ebm.storage import load_resume, run_with_checkpoints, save_resume
from ebm.train import SamplerOptions, TrainingOptions

SAMPLERS = [
    SamplerOptions("cd", steps=2),
    SamplerOptions("pcd", chains=5),
    SamplerOptions("tempering", chains=3, temperatures=3),
]


@pytest.fixture(params=SAMPLERS, ids=lambda sampler: sampler.kind)
def trainer(request):
    options = UpDownOptions(
        epochs=3,
        batch_size=8,
        momentum=0.9,
        weight_decay=1e-3,
        schedule="linear",
        sampler=request.param,
        products="bfloat16",
    )
    bits = (torch.rand(30, 6, generator=torch.Generator().manual_seed(1)) < 0.4).float()
    labels = torch.arange(30) % 2
    dbn, _ = pretrain_greedily(
        bits,
        [5, 4],
        TrainingOptions(epochs=2),
        labels=labels,
        generator=torch.Generator().manual_seed(2),
    )

    def make() -> UpDownTrainer:
        generator = torch.Generator().manual_seed(3)
        return UpDownTrainer(dbn, bits, options, labels=labels, generator=generator)

    return make


def same(left: UpDownTrainer, right: UpDownTrainer) -> bool:
    one, other = left.dbn.state_dict(), right.dbn.state_dict()
    chains, others = left.sampler.state_dict(), right.sampler.state_dict()
    return (
        all(torch.equal(one[name], other[name]) for name in one)
        and all(torch.equal(torch.as_tensor(chains[k]), torch.as_tensor(others[k])) for k in chains)
        and left.history == right.history
        and torch.equal(left.generator.get_state(), right.generator.get_state())
    )


@pytest.mark.parametrize("stop", [1, 3, 4, 7, 11])
def test_continued_from_a_file(trainer, tmp_path, stop):
    whole = trainer()
    whole.run()
    assert whole.total_steps == 12
    first = trainer()
    first.run(max_steps=stop)
    assert first.total_steps == stop
    save_resume(tmp_path / "state", first)
    second = trainer()
    second.generator.manual_seed(99)
    load_resume(tmp_path / "state", second)
    second.run()
    assert same(second, whole)


def test_written_as_it_goes(trainer, tmp_path):
    whole = trainer()
    whole.run()
    checked = trainer()
    run_with_checkpoints(checked, tmp_path / "state", every_steps=5)
    assert same(checked, whole)
