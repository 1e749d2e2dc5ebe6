"""Sums of outer products against the same sums made one after the other."""

import torch

from ebm.train.products import Products


def test_added_at_once_is_added_one_by_one(generator):
    def draw(*shape):
        return torch.randn(*shape, generator=generator).double()

    a, b, c, d, u, v = draw(4, 3), draw(4, 2), draw(5, 3), draw(5, 2), draw(3), draw(2)
    matrix, total = draw(3, 2), draw(3, 2)
    expected = torch.outer(u, v) + 0.3 * matrix
    for left, right in ((a, b), (c, d)):
        for row, other in zip(left, right, strict=True):
            expected += torch.outer(row, other)
    products = Products.stacked([(a, b), (c, d)]).with_matrix(matrix, 0.3).with_rows(u, v)
    torch.testing.assert_close(products.dense(), expected)
    before = total.clone()
    assert products.add_to(total, keep=0.5, scale=-2.0) is total
    torch.testing.assert_close(total, 0.5 * before - 2 * expected)


def test_nothing_left_in_memory_is_read(generator):
    """Not a number times zero is not a number: a fresh matrix must not be read at all."""
    left, right = torch.ones(2, 300), torch.ones(2, 300)
    for _ in range(20):
        torch.full((300, 300), torch.nan)
        assert (Products(left, right).dense() == 2).all()
