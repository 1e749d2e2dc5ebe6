"""The tables of replays: a row for each turn, summaries, paired differences."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from screening.evaluation import paired_difference
from screening.turns.replaying.study import Entry, RollingStudy

# Figures of a whole replay, and how each is called in a table for readers.
FIGURES = {
    "hit_rate": "actives among those bought",
    "over_chance": "actives found, times chance",
    "area": "actives found, mean over the turns, times chance",
    "roc_auc": "ROC-AUC of what was learned",
}
# Against whom differences are taken.
AGAINST = ("exploit", "forest", "chance")


def curves(study: RollingStudy) -> pd.DataFrame:
    """Return one row for each repeat, buyer and turn; counts are sums over the turns so far.

    `by_chance` is the number of actives to expect of somebody who draws at random in every turn.
    """
    return pd.DataFrame([row for entry in study.entries for row in _turns(study, entry)])


def _turns(study: RollingStudy, entry: Entry) -> list[dict[str, Any]]:
    labels, plan = study.compounds.labels[:, 0], entry.plan
    rows, bought, found, drawn = [], 0, 0, 0.0
    for turn, own in enumerate(entry.result.bought):
        on_offer = plan.offered(turn)
        left = len(on_offer) - bought
        # What chance has not drawn yet: linear, so that the expectation is exact.
        share = (float((labels[on_offer] == 1).sum()) - drawn) / left if left else 0.0
        bought, found = bought + len(own), found + int((labels[own] == 1).sum())
        drawn += len(own) * share
        rows.append(
            {
                "repeat": entry.repeat,
                "buyer": entry.buyer,
                "turn": turn + 1,
                "bought": bought,
                "actives": found,
                "by_chance": drawn,
            }
        )
    return rows


def figures(study: RollingStudy, table: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each repeat and buyer: `FIGURES`, of the whole replay.

    Before them the compounds of the assay, those known at the start, those never on offer, and
    those bought.
    """
    rows = []
    for entry in study.entries:
        repeat, buyer = entry.repeat, entry.buyer
        own = table[(table["repeat"] == repeat) & (table["buyer"] == buyer)]
        last = own.iloc[-1]
        rows.append(
            {
                "repeat": repeat,
                "buyer": buyer,
                "compounds": len(study.compounds),
                "known": len(entry.plan.start),
                "judged": len(entry.plan.judged),
                "bought": int(last["bought"]),
                "actives": int(last["actives"]),
                "hit_rate": last["actives"] / max(1, last["bought"]),
                "over_chance": last["actives"] / max(last["by_chance"], 1e-9),
                "area": float((own["actives"] / own["by_chance"].clip(lower=1e-9)).mean()),
                "roc_auc": entry.result.roc_auc,
            }
        )
    return pd.DataFrame(rows)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return mean and standard deviation over the repeats, one row a buyer."""
    groups = table.groupby("buyer", sort=False)
    wide = groups[["actives", *FIGURES]].agg(["mean", "std"])
    wide.columns = [f"{name}_{what}" for name in ("actives", *FIGURES) for what in ("mean", "sd")]
    wide.insert(0, "repeats", groups.size())
    return wide.reset_index()


def paired(table: pd.DataFrame, keys: tuple[str, ...] = ("repeat",)) -> pd.DataFrame:
    """Return the differences of buyers on the same starts, with 95 % intervals by Student's t.

    Parameters
    ----------
    table
        By `figures`, of one assay, or of several with a column that names them.
    keys
        What tells one start from another.
    """
    by_buyer = {name: own.set_index(list(keys)) for name, own in table.groupby("buyer", sort=False)}
    rows = []
    for against in AGAINST:
        for buyer, own in by_buyer.items():
            if buyer == against or against not in by_buyer:
                continue
            theirs = by_buyer[against].loc[own.index]
            for name in FIGURES:
                known = ~np.isnan(own[name]) & ~np.isnan(theirs[name])
                if not known.any():
                    continue
                found = asdict(paired_difference(own[name][known], theirs[name][known], 0.0))
                better, worse = found.pop("above"), found.pop("below")
                head = {"buyer": buyer, "against": against, "figure": name}
                rows.append({**head, **found, "better": better, "worse": worse})
    return pd.DataFrame(rows)
