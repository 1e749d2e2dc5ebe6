"""What results that came back said of a model: records that go on from model to model.

A model that is trained with new results has the records of the one before it, word for word, and
one more. Nothing rewrites them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self

from screening.trust import Drift


class Estimate(NamedTuple):
    """A figure with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def text(self, form: str = ".2f") -> str:
        """Return the figure and its interval.

        Examples
        --------
        >>> Estimate(0.5, 0.25, 0.75).text()
        '0.50 (0.25 to 0.75)'
        """
        return f"{self.value:{form}} ({self.low:{form}} to {self.high:{form}})"


class Bin(NamedTuple):
    """Compounds of like score, or of like similarity.

    Attributes
    ----------
    n : int
    promised, found : float
        Mean score, and share of actives.
    low, high : float
        Between which their scores, or similarities, lie.
    brier : float
        Mean squared error of the scores.
    """

    n: int
    promised: float
    found: float
    low: float
    high: float
    brier: float


@dataclass(frozen=True)
class Surprise:
    """A result that the model had thought unlikely.

    Attributes
    ----------
    id, smiles : str
        Name, and standardised structure.
    active : bool
        What was measured.
    value : str
        Measured, with its unit; empty where there are labels only.
    score : float
        What the model had said.
    outside : bool
        Whether the class that was measured was not in the prediction set.
    near_active, near_inactive : tuple of (str, str, float)
        Name, structure and similarity of the most similar active, and inactive, that the model had
        learned from.
    """

    id: str
    smiles: str
    active: bool
    value: str
    score: float
    outside: bool
    near_active: tuple[str, str, float]
    near_inactive: tuple[str, str, float]


@dataclass(frozen=True)
class Judged:
    """How a model's scores of one task stood to results that it had not seen.

    Attributes
    ----------
    n, n_active : int
        Compounds, and actives among them.
    promised : float
        Mean score: the share of actives that the scores promised, at the assay's base rate or at
        `prevalence`.
    prevalence : float or None
    hit_rate : Estimate
        Share of actives, with the exact interval of Clopper and Pearson.
    roc_auc, enrichment : Estimate or None
        None with one class only; the enrichment factor is that of the best fifth, and None with
        fewer than 20 compounds.
    brier : Estimate or None
        None with fewer than 10 compounds, like `ece`.
    ece : float or None
        Expected calibration error.
    reliability, by_similarity : list of Bin
        By score, and by similarity to the nearest compound learned from.
    risk : float
        Of the prediction sets.
    covered : dict of str to (int, int)
        Of each class, how many compounds had it in their prediction set, and how many there were.
    surprises : list of Surprise
        The greatest first, actives before inactives.
    seen, seen_otherwise : int
        Compounds that the model had learned from, which are not judged; and those of them that were
        measured otherwise now.
    notes : list of str
        Sentences on what so few results cannot tell.
    """

    n: int
    n_active: int
    promised: float
    prevalence: float | None
    hit_rate: Estimate | None
    roc_auc: Estimate | None = None
    enrichment: Estimate | None = None
    brier: Estimate | None = None
    ece: float | None = None
    reliability: list[Bin] = field(default_factory=list)
    by_similarity: list[Bin] = field(default_factory=list)
    risk: float = 0.1
    covered: dict[str, tuple[int, int]] = field(default_factory=dict)
    surprises: list[Surprise] = field(default_factory=list)
    seen: int = 0
    seen_otherwise: int = 0
    notes: list[str] = field(default_factory=list)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Build what JSON made of one."""
        fields: dict[str, Any] = dict(stored)
        for name in ("hit_rate", "roc_auc", "enrichment", "brier"):
            fields[name] = None if stored[name] is None else Estimate(*stored[name])
        for name in ("reliability", "by_similarity"):
            fields[name] = [Bin(*row) for row in stored[name]]
        fields["covered"] = {name: (n, of) for name, (n, of) in stored["covered"].items()}
        fields["surprises"] = [
            Surprise(
                **{
                    **surprise,
                    "near_active": tuple(surprise["near_active"]),
                    "near_inactive": tuple(surprise["near_inactive"]),
                }
            )
            for surprise in stored["surprises"]
        ]
        return cls(**fields)


@dataclass(frozen=True)
class Compared:
    """A model beside the one before it, on compounds that both had held out or not seen.

    Attributes
    ----------
    n, n_active : int
    before, now : float
        ROC-AUC of both on the same compounds.
    difference : Estimate
        `now` less `before`, paired.
    """

    n: int
    n_active: int
    before: float
    now: float
    difference: Estimate


@dataclass(frozen=True)
class Turn:
    """One turn: a model was judged on results, and the next one was trained with them.

    Attributes
    ----------
    number : int
        From 1.
    results, results_hash : str
        Name and SHA-256 of the file.
    date : str
        Of the results, as their file or whoever gave them has it; empty where nobody said it.
    judged_model : str
        SHA-256 of the file of the model that was judged.
    rows, compounds, rejected : int
        Of the file; compounds after curation.
    added, repeated : int
        Compounds that are new to the model, and those that it had learned from.
    judged : dict of str to Judged
        By task.
    drift : Drift or None
    on_known, on_results : dict of str to Compared
        By task: the next model beside the judged one, on the compounds that the judged one was
        trained on (both held them out), and on those results whose scaffold the judged one had not
        seen (the next one held out each with its scaffold).
    """

    number: int
    results: str
    results_hash: str
    date: str
    judged_model: str
    rows: int
    compounds: int
    rejected: int
    added: int
    repeated: int
    judged: dict[str, Judged]
    drift: Drift | None = None
    on_known: dict[str, Compared] = field(default_factory=dict)
    on_results: dict[str, Compared] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a JSON-able dict."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Build what `to_dict`, and JSON, made of one."""
        drift = stored["drift"]
        return cls(
            **{
                **stored,
                "judged": {t: Judged.from_dict(judged) for t, judged in stored["judged"].items()},
                "drift": None if drift is None else Drift.from_dict(drift),
                **{
                    name: {task: _compared(found) for task, found in stored[name].items()}
                    for name in ("on_known", "on_results")
                },
            }
        )

    def lines(self) -> list[str]:
        """Return the turn in a line for each task: what was promised, what was found."""
        when = f" of {self.date}" if self.date else ""
        head = f"turn {self.number}, {self.results}{when}"
        return [f"{head}, {task}: {_line(judged)}" for task, judged in self.judged.items()]


def _compared(stored: Mapping[str, Any]) -> Compared:
    return Compared(**{**stored, "difference": Estimate(*stored["difference"])})


def _line(judged: Judged) -> str:
    if judged.hit_rate is None:
        return f"no result was new ({judged.seen} known compounds were measured again)"
    auc = "" if judged.roc_auc is None else f"; ROC-AUC {judged.roc_auc.text()}"
    return (
        f"promised {100 * judged.promised:.0f} %, found {judged.n_active} of {judged.n} active = "
        f"{percent(judged.hit_rate)}{auc}"
    )


def percent(share: Estimate) -> str:
    """Return a share and its interval in per cent.

    Examples
    --------
    >>> percent(Estimate(0.25, 0.1, 0.4))
    '25 % (10 to 40 %)'
    """
    low, high = f"{100 * share.low:.0f}", f"{100 * share.high:.0f} %"
    return f"{100 * share.value:.0f} % ({low} to {high})"
