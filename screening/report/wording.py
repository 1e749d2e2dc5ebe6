"""The report's sentences: what to buy, how many actives to expect, what became of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from statistics import median
from typing import Any

from screening.hits import TAGS, Ranked, tag_of
from screening.report.cards import HitCards
from screening.report.page import LONGEST_TEXT, cut
from screening.report.run_folder import RunFolder
from screening.trust import Drift, library_name

REJECTS_SHOWN = 500


def headline(run: RunFolder, cards: HitCards) -> str:
    """Return in one line what to buy, or that nothing can be recommended."""
    picked, ranked = cards.picked(), run.hits.ranked
    if not picked:
        return "Nothing to buy"
    called = sum(hit["tag"] == _called(ranked) for hit in picked)
    consider = f"{len(picked)} to consider"
    if not called:
        if run.library.mostly_outside:
            return f"Most of this library is unlike anything tested: {consider}"
        if any(hit["tag"] == _called(ranked) for hit in cards.hits):
            return f"No compound to buy is called {ranked.wanted}: {consider}"
        return f"Nothing here is called {ranked.wanted}: {consider}"
    if ranked.wanted == "inactive":
        title = ranked.title or "Least likely to be active"
        return f"{title}: {count(called, 'compound')} called inactive"
    buy = f"buy these {called}" if called > 1 else "buy this one"
    return f"{ranked.title}: {buy}" if ranked.title else buy.capitalize()


def lead(run: RunFolder, cards: HitCards) -> list[str]:
    """Return the sentences below the headline: what is suggested, and what would help."""
    picked = cards.picked()
    if not picked:
        return ["No hit may be suggested: see the hits and why each was left out."]
    clusters = len({hit["cluster"] for hit in picked})
    scores = [hit["score"] for hit in picked]
    tags = Counter(hit["tag"] for hit in picked)
    parts = ", ".join(f"{tags[tag]} {tag}" for tag in TAGS if tags[tag])
    if len(tags) == 1:
        parts = f"all {next(iter(tags))}"
    least = run.hits.ranked.by == "score" and run.hits.ranked.wanted == "inactive"
    best = "lowest-scored" if least else "best-ranked"
    suggested = (
        f"{len(picked)} of the {len(cards.hits):,} {best} compounds are suggested: "
        f"{cards.rule} ({count(clusters, 'cluster')}, scores "
        f"{_rounded(min(scores))} to {_rounded(max(scores))}): {parts}."
    )
    suggested += values_range(picked)
    library = run.library
    if not library.mostly_outside:
        return [suggested]
    foreign = (
        f"{library.outside:,} of {library.scored:,} library compounds are unlike anything in the "
        "assay, so the model can say little about them. What would help: screen analogues of the "
        "assay’s compounds, or test some of these and train again with the results."
    )
    return [suggested, foreign] if tags[_called(run.hits.ranked)] else [foreign, suggested]


def values_range(picked: Sequence[dict[str, Any]]) -> str:
    """Say what values are predicted for what is suggested; empty without values."""
    values = sorted(hit["value"] for hit in picked if hit.get("value") is not None)
    if not values:
        return ""
    unit = picked[0]["unit"]
    ends = " to ".join(f"{value:.3g}" for value in dict.fromkeys((values[0], values[-1])))
    middle = f"{median(values):.3g}"
    return f" Their predicted values are {ends}{f' {unit}' if unit else ''}, half below {middle}."


def note(run: RunFolder, cards: HitCards) -> str:
    """Return how to read the tags and the scores."""
    ranked, picked = run.hits.ranked, cards.picked()
    risk = (
        f"A compound is called active or inactive where that is wrong for at most "
        f"{100 * ranked.risk:g} % of compounds like those of the assay. "
    )
    return risk + expectation(ranked, len(picked), sum(hit["score"] for hit in picked))


def _rounded(score: float) -> str:
    """Return a score to two decimals; none is certain because it was rounded."""
    return "< 0.01" if score < 0.005 else "> 0.99" if score >= 0.995 else f"{score:.2f}"


def _called(ranked: Ranked) -> str:
    """Return the tag of a compound that the model calls what is wanted."""
    return tag_of(ranked.wanted, in_domain=True)


def expectation(ranked: Ranked, n: int, total: float) -> str:
    """Say how many actives to expect, and at which base rate that holds."""
    if ranked.prevalence:
        return (
            f"In a library of which {100 * ranked.prevalence:g} % are active, as assumed here, "
            f"{total:.0f} of the {n} would be expected to be active."
        )
    fewer = "" if ranked.wanted == "inactive" else "A library holds far fewer actives: "
    use = "use the scores to rank, or state the expected share of actives with --prevalence to"
    return (
        f"Scores are probabilities of being active at the assay’s base rate "
        f"({100 * ranked.base_rate:.0f} % active). {fewer}{use if fewer else use.capitalize()} "
        "read them as probabilities in this library."
    )


def count(n: int, noun: str) -> str:
    """Return a number with its noun in the right form."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def counts(run: RunFolder, cards: HitCards) -> list[tuple[str, str]]:
    """Return the counts that add up: read = scored + passed over + rejected."""
    of_run = run.info["counts"]
    over = of_run.get("passed_over", 0)
    return [
        ("rows read", f"{of_run['read']:,}"),
        ("could not be used", f"{of_run['rejected']:,}"),
        *([("passed over", f"{over:,}")] if over else []),
        ("scored", f"{of_run['scored']:,}"),
        ("best kept as hits", f"{len(cards.hits):,}"),
        ("suggested", f"{len(cards.picked()):,}"),
    ]


def rejects(run: RunFolder) -> dict[str, Any]:
    """Return what the section on rejected rows shows."""
    total, read = len(run.rejects), run.info["counts"]["read"]
    rows = [{key: cut(value) for key, value in r.items()} for r in run.rejects[:REJECTS_SHOWN]]
    beyond = f"The first {REJECTS_SHOWN}; all are in rejects.csv" if total > REJECTS_SHOWN else ""
    return {
        "total": total,
        "sentence": f"{count(total, 'row')} of {read:,} could not be used and were left out. "
        "They are listed in rejects.csv with the line they stand on.",
        "reasons": [
            (f"{_REASONS.get(reason, reason)} ({reason})", n)
            for reason, n in Counter(r["reason"] for r in run.rejects).most_common()
        ],
        "rows": rows,
        "shown": beyond or "Every one of them",
    }


_REASONS = {
    "empty": "without a structure",
    "parse": "not readable as SMILES",
    "sanitize": "chemically impossible",
    "too_large": "larger than the limit",
    "timeout": "took too long",
    "crash": "ended the worker that read them",
    "no_atoms": "without atoms",
}


def duplicates(run: RunFolder) -> str:
    """Say how many scored rows repeat a structure, or were in the assay."""
    library = run.library
    repeated = (
        "Repeats were not counted in a library of this size"
        if library.repeated is None
        else f"{count(library.repeated, 'scored row')} repeat{'s' if library.repeated == 1 else ''}"
        " a structure that came before"
    )
    known = count(library.in_training, "scored row")
    return (
        f"{repeated}; {known} {'has' if library.in_training == 1 else 'have'} a structure that the "
        "assay already tested. Both stay in the ranking, are marked there, and are never suggested."
    )


def first_pass(counts: dict[str, int], outcome: dict[str, Any]) -> str:
    """Say what a first pass came to, and what it promises."""
    top, found = outcome["ask"]["top"], outcome["recall"]
    scored, over = counts["scored"], counts["passed_over"]
    if not over:
        return f"all {scored:,} molecules were scored fully: nothing less could be promised"
    return (
        f"{scored:,} molecules were scored fully and {over:,} passed over after a quick look; of "
        f"the best {top:,}, an estimated {100 * found['estimate']:.1f} % were scored (at least "
        f"{100 * found['at_least']:.1f} % with 95 % confidence, by a random sample of "
        f"{found['audited']:,} of those passed over)"
    )


def drift(run: RunFolder) -> list[str]:
    """Say how far the library lies from what the model learned; nothing of an older run."""
    stored = run.info.get("drift")
    if not stored:
        return []
    return Drift.from_dict(stored).sentences(library_name(run.info["counts"].get("passed_over", 0)))


def run_facts(run: RunFolder) -> list[tuple[str, str]]:
    """Return the table of the run: files, command, versions, options, time."""
    info = run.info
    seconds = info.get("seconds", {})
    # The report is being made: only a later one could know how long it took.
    total = seconds.get("total", 0) - seconds.get("report", 0)
    known = {name: spent for name, spent in seconds.items() if name not in ("total", "report")}
    stages = [f"{name} {spent:.1f} s" for name, spent in known.items()]
    options = {k: v for k, v in info["options"].items() if v not in (None, [], "")}
    versions = info.get("versions", {})
    passed = info.get("first_pass")
    return [
        *([("first pass", first_pass(info["counts"], passed))] if passed else []),
        ("command to repeat", cut(info.get("command", "not recorded"))),
        ("library", "; ".join(cut(source) for source in info["sources"])[:LONGEST_TEXT]),
        ("model file", f"{PurePath(info['model']).name}, SHA-256 {info['model_hash']}"),
        ("options", ", ".join(f"{key} {value}" for key, value in options.items())),
        ("versions", ", ".join(f"{key} {value}" for key, value in versions.items())),
        (
            "time",
            f"{total:.1f} s before this report; summed over workers: {', '.join(stages)}",
        ),
        ("shards taken over", str(info.get("shards_continued", 0))),
    ]
