"""The plate to buy: its options on a command line."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import click

from workflows.options import several

if TYPE_CHECKING:
    from screening.plate import Mode, PlateOptions
    from screening.plate.layout import Placement

CATALOGS = ("PAINS", "BRENK", "NIH")

MODES = ("exploit", "balance", "explore", "qpo")
# What a plate should be like, however many compounds it has.
PLATE = several(
    click.option(
        "--mode",
        type=click.Choice(MODES),
        help="exploit (default): the best scores; balance: high ranks, unlike each other; explore: "
        "what teaches most; qpo: what most likely holds the best.",
    ),
    click.option(
        "--window",
        "windows",
        multiple=True,
        metavar="NAME=LOW:HIGH",
        help="Limit of a pick's property, for instance mw=250:500 or logp=:4; several times.",
    ),
    click.option(
        "--per-cluster",
        type=click.IntRange(min=1),
        metavar="N",
        help="At most N picks of one cluster of similar hits.",
    ),
    click.option(
        "--in-domain-only", is_flag=True, help="Pick only inside the applicability domain."
    ),
    click.option(
        "--bar-alerts",
        metavar="NAME,NAME",
        help=f"Catalogs whose alerts bar a pick: of {', '.join(CATALOGS)}, or none.  "
        "[default: PAINS]",
    ),
    click.option(
        "--plate",
        "wells",
        type=click.Choice(["96", "384"]),
        help="Wells of a plate.  [default: 96]",
    ),
    click.option(
        "--controls",
        type=click.IntRange(min=0),
        metavar="N",
        help="Wells of each plate for known actives and inactives of the assay, half of each.",
    ),
    click.option(
        "--spare", type=click.IntRange(min=0), metavar="N", help="Wells of each plate left empty."
    ),
    click.option("--empty-edges", is_flag=True, help="Leave the outer wells of plates empty."),
    click.option(
        "--placement",
        type=click.Choice(["random", "rank"]),
        help="Wells drawn by --seed (default), or picks row by row in their order, then controls.",
    ),
)
BUDGET = several(
    click.option(
        "--budget",
        type=click.IntRange(min=1),
        metavar="N",
        help="Pick N compounds to buy; writes plate.csv, plate.sdf and plate.xlsx.",
    ),
    PLATE,
)


@dataclass(frozen=True, kw_only=True)
class PlateChoice:
    """Values of `PLATE`; None leaves the default of the plate."""

    mode: Mode | None
    windows: tuple[str, ...]
    per_cluster: int | None
    in_domain_only: bool
    bar_alerts: str | None
    wells: str | None
    controls: int | None
    spare: int | None
    empty_edges: bool
    placement: Placement | None

    def of(self, budget: int, seed: int) -> PlateOptions:
        """Return what a plate of so many compounds should be like.

        Raises
        ------
        UsageError
            A limit cannot be read.
        UserError
            Controls and spare wells leave no room.
        """
        from screening.plate import LayoutOptions, PlateOptions

        alerts = None if self.bar_alerts is None else _catalogs(self.bar_alerts)
        layout = {
            "wells": None if self.wells is None else int(self.wells),
            "controls": self.controls,
            "spare": self.spare,
            "placement": self.placement,
        }
        chosen = {"mode": self.mode, "per_cluster": self.per_cluster, "barred_alerts": alerts}
        return PlateOptions(
            budget=budget,
            seed=seed,
            in_domain_only=self.in_domain_only,
            windows=dict(_window(text) for text in self.windows),
            layout=LayoutOptions(empty_edges=self.empty_edges, seed=seed, **_given(layout)),
            **_given(chosen),
        )


@dataclass(frozen=True, kw_only=True)
class Budget(PlateChoice):
    """Values of `BUDGET`."""

    budget: int | None

    def plate(self, seed: int) -> PlateOptions | None:
        """Return what the plate should be like, or None when none is asked for.

        Raises
        ------
        UsageError
            A limit is given without a budget, or cannot be read.
        """
        if self.budget is not None:
            return self.of(self.budget, seed)
        for name in (field.name for field in fields(PlateChoice)):
            if getattr(self, name):
                option = {"windows": "window", "wells": "plate"}.get(name, name.replace("_", "-"))
                raise click.UsageError(f"--{option} belongs to a plate: add --budget N.")
        return None


def _given(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}


def _window(text: str) -> tuple[str, tuple[float | None, float | None]]:
    name, equals, limits = text.partition("=")
    low, colon, high = limits.partition(":")
    try:
        bounds = tuple(float(bound) if bound.strip() else None for bound in (low, high))
    except ValueError:
        bounds = ()
    if not (name and equals and colon and len(bounds) == 2):
        raise click.UsageError(f"--window {text!r}: write NAME=LOW:HIGH, for instance mw=250:500.")
    return name.strip(), (bounds[0], bounds[1])


def _catalogs(text: str) -> tuple[str, ...]:
    if text.strip().lower() == "none":
        return ()
    names = tuple(name.strip().upper() for name in text.split(","))
    for name in names:
        if name not in CATALOGS:
            raise click.UsageError(
                f"--bar-alerts {name!r}: the catalogs are {', '.join(CATALOGS)}, or none."
            )
    return names
