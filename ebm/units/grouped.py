"""Variables that take several columns each: the layout that softmax and thermometer units share."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ebm.units.base import Unit


class GroupedUnit(Unit):
    """A layer of variables, each over a run of columns, of equal or different lengths.

    Attributes
    ----------
    groups : tuple of int
        Number of columns of each variable.
    """

    columns: Tensor
    padding: Tensor
    places: Tensor

    def __init__(self, groups: int | Sequence[int]) -> None:
        lengths = (groups,) if isinstance(groups, int) else tuple(int(length) for length in groups)
        if not lengths or min(lengths) < 1:
            raise ValueError(f"every variable needs at least one column, not {lengths}")
        super().__init__(sum(lengths))
        self.groups = lengths
        length = torch.tensor(lengths)
        start = length.cumsum(0) - length
        within = torch.arange(max(lengths))
        inside = within < length[:, None]
        # (n_groups, longest): the column that each place of the padded layout shows.
        self.register_buffer("columns", torch.where(inside, start[:, None] + within, 0), False)
        self.register_buffer("padding", ~inside, False)
        self.register_buffer("places", inside.flatten().nonzero()[:, 0], False)

    def pad(self, values: Tensor, fill: float) -> Tensor:
        """From (n, size) to (n, n_groups, longest), with `fill` where a group is shorter."""
        return values[:, self.columns].masked_fill(self.padding, fill)

    def unpad(self, values: Tensor) -> Tensor:
        """From (n, n_groups, longest) back to (n, size)."""
        return values.flatten(1)[:, self.places]

    def site_of_column(self) -> Tensor:  # noqa: D102
        return torch.arange(len(self.groups)).repeat_interleave(torch.tensor(self.groups))

    def group_slices(self) -> list[slice]:
        """Columns of each variable."""
        ends = torch.tensor(self.groups).cumsum(0).tolist()
        return [slice(end - size, end) for end, size in zip(ends, self.groups, strict=True)]


def sample_category(logits: Tensor, generator: torch.Generator) -> Tensor:
    """Index drawn from softmax(logits) along the last axis, by an exponential race.

    A category of logit -inf is never drawn, whatever the rounding.
    """
    clock = torch.empty_like(logits).exponential_(generator=generator)
    return (logits - clock.log_()).argmax(-1)
