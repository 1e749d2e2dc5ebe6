"""The plate to buy: its options on a command line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from workflows.options import several

if TYPE_CHECKING:
    from screening.plate import PlateOptions

CATALOGS = ("PAINS", "BRENK", "NIH")

BUDGET = several(
    click.option(
        "--budget",
        type=click.IntRange(min=1),
        metavar="N",
        help="Pick N compounds to buy; writes plate.csv, plate.sdf and plate.xlsx.",
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
)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Values of `BUDGET`."""

    budget: int | None
    windows: tuple[str, ...]
    per_cluster: int | None
    in_domain_only: bool
    bar_alerts: str | None

    def plate(self) -> PlateOptions | None:
        """Return what the plate should be like, or None when none is asked for.

        Raises
        ------
        UsageError
            A limit is given without a budget, or cannot be read.
        """
        from screening.plate import PlateOptions

        if self.budget is None:
            limits = {
                "window": self.windows,
                "per-cluster": self.per_cluster,
                "in-domain-only": self.in_domain_only,
                "bar-alerts": self.bar_alerts,
            }
            for option, value in limits.items():
                if value:
                    raise click.UsageError(f"--{option} limits the plate: add --budget N.")
            return None
        plate = PlateOptions(
            budget=self.budget,
            per_cluster=self.per_cluster,
            in_domain_only=self.in_domain_only,
            windows=dict(_window(text) for text in self.windows),
        )
        if self.bar_alerts is None:
            return plate
        return replace(plate, barred_alerts=_catalogs(self.bar_alerts))


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
