"""What a turn came to, in sentences: the same on the terminal, in a notebook and in the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from screening.model.turns import Compared, Judged, Turn, percent

RESULTS = "the results"


def turn_sentences(turn: Turn) -> list[str]:
    """Return everything that a turn came to, one sentence an item."""
    found = []
    for task, judged in turn.judged.items():
        head = f"{task}: " if len(turn.judged) > 1 else ""
        found += [f"{head}{sentence}" for sentence in judged_sentences(judged)]
    if turn.drift is not None:
        found += turn.drift.sentences(RESULTS)
    return found + list(compared_sentences(turn))


def judged_sentences(judged: Judged) -> list[str]:
    """Say how a model's scores stood to what was measured."""
    found = []
    if judged.hit_rate is not None:
        found += [_hit_rate(judged), _ranking(judged), _calibration(judged), _coverage(judged)]
        found += [_distance(judged), _surprises(judged)]
    return [sentence for sentence in (*found, _seen(judged), *judged.notes) if sentence]


def verdict(judged: Judged) -> str:
    """Return whether as many were active as the scores promised."""
    if judged.hit_rate is None:
        return "nothing to judge"
    _, low, high = judged.hit_rate
    if low <= judged.promised <= high:
        return "as promised"
    return "fewer than promised" if judged.promised > high else "more than promised"


def _hit_rate(judged: Judged) -> str:
    assert judged.hit_rate is not None
    are = "is" if judged.n_active == 1 else "are"
    of = (
        f", for compounds of which {100 * judged.prevalence:g} % are active"
        if judged.prevalence
        else ""
    )
    return (
        f"{judged.n_active} of {judged.n} new compounds {are} active, {percent(judged.hit_rate)}; "
        f"the scores promised {100 * judged.promised:.0f} %{of}: {verdict(judged)}."
    )


def _ranking(judged: Judged) -> str:
    if judged.roc_auc is None:
        return ""
    value, low, high = judged.roc_auc
    chance = ", which cannot be told from chance" if low <= 0.5 <= high else ""
    best = (
        f" The best fifth holds {judged.enrichment.text('.1f')} times the share of actives of all."
        if judged.enrichment is not None
        else ""
    )
    return (
        f"Among them an active is ranked before an inactive in {100 * value:.0f} of 100 cases "
        f"(ROC-AUC {judged.roc_auc.text()}){chance}.{best}"
    )


def _calibration(judged: Judged) -> str:
    if judged.brier is None:
        return ""
    off = (
        f"; groups of like score are off by {judged.ece:.2f} on average (ECE)"
        if judged.ece is not None
        else ""
    )
    return f"The Brier score is {judged.brier.text()}{off}."


def _coverage(judged: Judged) -> str:
    if not judged.covered:
        return ""
    counts = " and ".join(
        f"{covered} of {of} {name}{'' if of == 1 else 's'}"
        for name, (covered, of) in judged.covered.items()
    )
    return (
        f"Prediction sets at risk {judged.risk:g} should hold {100 * (1 - judged.risk):.0f} % of "
        f"each class; they hold {counts}."
    )


def _distance(judged: Judged) -> str:
    if len(judged.by_similarity) < 2:
        return ""
    parts = ", ".join(
        f"{part.brier:.2f} for {part.n} at {part.low:.2f} to {part.high:.2f}"
        for part in judged.by_similarity
    )
    return f"Mean squared error by similarity to the nearest compound learned from: {parts}."


def _surprises(judged: Judged) -> str:
    shown = judged.surprises
    if not shown:
        return "No result was a surprise: each lies on the side that the model had called."
    actives = sum(surprise.active for surprise in shown)
    outside = sum(surprise.outside for surprise in shown)
    parts = [
        f"{count} {was} that it had called {called}"
        for count, was, called in (
            (actives, "active", "inactive"),
            (len(shown) - actives, "inactive", "active"),
        )
        if count
    ]
    return (
        f"The greatest surprises: {', '.join(parts)}; the prediction sets had ruled out {outside} "
        "of these results."
    )


def _seen(judged: Judged) -> str:
    if not judged.seen:
        return ""
    one = judged.seen == 1
    otherwise = (
        f"; {judged.seen_otherwise} of them {'was' if judged.seen_otherwise == 1 else 'were'} "
        "measured otherwise now"
        if judged.seen_otherwise
        else ""
    )
    return (
        f"{judged.seen} result{' is' if one else 's are'} of {'a ' if one else ''}"
        f"compound{'' if one else 's'} that it had learned from, and {'is' if one else 'are'} not "
        f"judged{otherwise}."
    )


def compared_sentences(turn: Turn) -> Iterator[str]:
    """Say what the next model gained, and how far both figures can be compared."""
    yield from _compared(
        turn.on_known,
        "compounds learned from before, which both models held out by scaffold",
    )
    yield from _compared(
        turn.on_results,
        "new compounds of scaffolds that neither model had seen",
    )
    judged = [judged for judged in turn.judged.values() if judged.n]
    if judged and not turn.on_results:
        yield (
            "What the new model gained on compounds like these the next results will say: too few "
            "of them have a scaffold that the judged model had not seen, and the others were held "
            "out by whole scaffolds, which is another question."
        )


def _compared(found: Mapping[str, Compared], what: str) -> Iterator[str]:
    for task, compared in found.items():
        head = f"{task}: on" if len(found) > 1 else "On"
        value, low, high = compared.difference
        told = (
            "a difference that cannot be told from chance"
            if low <= 0 <= high
            else "better"
            if value > 0
            else "worse"
        )
        yield (
            f"{head} {compared.n:,} {what}: ROC-AUC {compared.before:.3f} before and "
            f"{compared.now:.3f} with the results, {value:+.3f} ({low:+.3f} to {high:+.3f}): "
            f"{told}."
        )
