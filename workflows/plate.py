"""The plate to buy: its options on a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workflows.options import several

if TYPE_CHECKING:
    from screening.plate import PlateOptions

CATALOGS = ("PAINS", "BRENK", "NIH")
LIMITS = ("windows", "per_cluster", "in_domain_only", "bar_alerts")

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


def plate_options(given: dict[str, Any]) -> PlateOptions | None:
    """Return what the plate should be like, or None when none is asked for.

    Raises
    ------
    UsageError
        A limit is given without a budget, or cannot be read.
    """
    from screening.plate import PlateOptions

    if given["budget"] is None:
        for name in LIMITS:
            if given[name]:
                option = "window" if name == "windows" else name.replace("_", "-")
                raise click.UsageError(f"--{option} limits the plate: add --budget N.")
        return None
    chosen: dict[str, Any] = {
        "budget": given["budget"],
        "per_cluster": given["per_cluster"],
        "in_domain_only": given["in_domain_only"],
        "windows": dict(_window(text) for text in given["windows"]),
    }
    if given["bar_alerts"] is not None:
        chosen["barred_alerts"] = _catalogs(given["bar_alerts"])
    return PlateOptions(**chosen)


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
