"""What goes to other processes arrives whole, and through no shared memory."""

import copy
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
import torch

from screening.features import Encoder, FeatureSet
from screening.jobs import in_processes
from screening.learners.finetuning import train_member
from screening.learners.pretraining import pretrain_part


@pytest.fixture(scope="module")
def x(small_assay, small_options):
    raw = FeatureSet(small_options.blocks).by_block(small_assay.mols)
    return Encoder().fit(raw).transform(raw)


@pytest.fixture(scope="module")
def stack(x, small_options):
    return pretrain_part(x, small_options, 5)


@pytest.fixture(scope="module")
def member(x, small_assay, small_options, stack):
    return train_member(x, small_assay.labels, small_options, 0, stack.dbn)


def come_back(sent):
    """Be sent to another process, and back."""
    return sent


def test_nothing_is_sent_as_a_tensor(stack, member, small_model):
    for sent in (stack, stack.dbn, stack.novelty, member, small_model):
        assert b"rebuild_tensor" not in bytes(ForkingPickler.dumps(sent))
    assert b"rebuild_tensor" in bytes(ForkingPickler.dumps(stack.dbn.state_dict()))


def test_a_stack_and_a_member_come_back_as_they_went(x, small_assay, stack, member, small_options):
    (other,), (novel,), (own,) = (
        list(in_processes(come_back, [(sent,)], 2)) for sent in (stack, stack.novelty, member)
    )
    here, there = stack.dbn.state_dict(), other.dbn.state_dict()
    assert list(here) == list(there)
    assert all(torch.equal(here[name], there[name]) for name in here)
    for one, two in ((stack.novelty.rbm, novel.rbm), (member.network, own.network)):
        (config, here), (described, there) = one.to_state(), two.to_state()
        assert (config, list(here)) == (described, list(there))
        assert all(np.array_equal(here[name], there[name]) for name in here)
    assert other.history == stack.history
    assert own.finetuning == member.finetuning
    np.testing.assert_array_equal(own.columns, member.columns)
    np.testing.assert_array_equal(novel(x), stack.novelty(x))
    again = [train_member(x, small_assay.labels, small_options, 1, s.dbn) for s in (stack, other)]
    assert np.array_equal(*(m.network.weights[0] for m in again))


def test_a_copy_has_numbers_of_its_own(stack):
    other = copy.deepcopy(stack.novelty)
    assert not np.shares_memory(other.rbm.weights, stack.novelty.rbm.weights)
    first = stack.dbn.machines[0].weights.detach().numpy()
    assert not np.shares_memory(stack.novelty.rbm.weights, first)
