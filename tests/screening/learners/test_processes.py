"""What goes to other processes arrives whole, and through no shared memory."""

import copy

import numpy as np
import pytest
import torch

from screening.features import Encoder, FeatureSet
from screening.jobs import in_processes
from screening.model.ensembles import train_ensembles
from screening.model.member import train_member
from screening.model.options import held_out_members
from screening.model.parcel import Parcel
from screening.model.start import Part, learn_start


@pytest.fixture(scope="module")
def part(small_assay, small_options) -> Part:
    raw = FeatureSet(small_options.blocks).transform(small_assay.mols)
    return Part(Encoder().fit(raw).transform(raw), small_assay.labels, 5)


@pytest.fixture(scope="module")
def start(part, small_options):
    return learn_start(part, small_options)


def tensors(parts) -> list[torch.Tensor]:
    """Every tensor in what an object is sent as."""
    if isinstance(parts, torch.Tensor):
        return [parts]
    if isinstance(parts, dict):
        return [found for part in parts.values() for found in tensors(part)]
    if isinstance(parts, list | tuple):
        return [found for part in parts for found in tensors(part)]
    return []


def come_back(sent):
    """Be sent to another process, and back."""
    return sent


def test_a_start_and_a_member_are_sent_as_arrays(part, start, small_options):
    member = train_member(part.x, part.y, small_options, 0, start.dbn)
    for sent in (start, start.novelty, member):
        assert not tensors(sent.__reduce__()[1])
    assert not tensors(Parcel.of(start.dbn))


def test_a_start_and_a_member_come_back_as_they_went(part, start, small_options):
    member = train_member(part.x, part.y, small_options, 0, start.dbn)
    (other,), (novel,), (own,) = (
        list(in_processes(come_back, [(sent,)], 2)) for sent in (start, start.novelty, member)
    )
    for one, two in (
        (start.dbn, other.dbn),
        (start.novelty.rbm, novel.rbm),
        (member.network, own.network),
    ):
        assert type(two) is type(one)
        here, there = one.state_dict(), two.state_dict()
        assert list(here) == list(there)
        assert all(torch.equal(here[name], there[name]) for name in here)
    assert other.history == start.history
    assert own.finetuning == member.finetuning
    np.testing.assert_array_equal(own.columns, member.columns)
    np.testing.assert_array_equal(novel(part.x), start.novelty(part.x))
    again = [train_member(part.x, part.y, small_options, 1, s.dbn) for s in (start, other)]
    weights = [next(iter(m.network.state_dict().values())) for m in again]
    assert torch.equal(*weights)


def test_a_copy_has_numbers_of_its_own(start):
    other = copy.deepcopy(start.novelty)
    with torch.no_grad():
        other.rbm.weights += 1
    assert not torch.equal(other.rbm.weights, start.novelty.rbm.weights)


def test_a_part_may_have_fewer_members_than_the_others(part, small_options):
    few = part._replace(members=1)
    both, one = train_ensembles([part, few], small_options, workers=1, on_step=lambda *_: None)
    assert (len(both.members), len(one.members)) == (small_options.ensemble_size, 1)
    first, same = (list(t.members[0].network.state_dict().values()) for t in (both, one))
    assert all(map(torch.equal, first, same))


@pytest.mark.parametrize(("size", "held_out"), [(1, 1), (2, 2), (4, 2), (9, 2)])
def test_folds_have_at_most_two_members(size, held_out):
    assert held_out_members(size) == held_out
