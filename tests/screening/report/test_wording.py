"""The first lines of a run's report: they recommend nothing that the model does not say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from screening.report import wording
from screening.report.cards import HitCards
from screening.report.run_folder import RunFolder, read_run


@pytest.fixture(scope="module")
def run(finished_run, small_model) -> RunFolder:
    return read_run(finished_run, small_model.domain)


def of(run: RunFolder, outside: int = 0, **ranked) -> RunFolder:
    """A run with so many of its rows outside the domain, ranked like this."""
    hits = replace(run.hits, ranked=replace(run.hits.ranked, **ranked))
    return replace(run, hits=hits, library=replace(run.library, outside=outside))


def cards(*tags: str) -> HitCards:
    picks = enumerate(tags, start=1)
    return HitCards(
        [{"pick": n, "tag": tag, "score": 0.5, "cluster": n, "rank": n} for n, tag in picks]
    )


ACTIVE, INACTIVE, UNSURE = "likely active", "likely inactive", "cannot tell"
UNLIKE = "unlike anything tested"


def test_only_compounds_called_active_are_to_be_bought(run) -> None:
    assert wording.headline(of(run), cards(ACTIVE, ACTIVE, UNSURE)) == "Buy these 2"
    assert wording.headline(of(run), cards(ACTIVE, UNLIKE)) == "Buy this one"
    nothing = "Nothing here is called active: 3 to consider"
    assert wording.headline(of(run), cards(UNSURE, INACTIVE, UNLIKE)) == nothing
    assert wording.headline(of(run), HitCards()) == "Nothing to buy"
    # The only one called active may be one that was tested already.
    beside = cards(ACTIVE, UNSURE)
    beside.hits[0]["pick"] = 0
    expected = "No compound to buy is called active: 1 to consider"
    assert wording.headline(of(run), beside) == expected


def test_a_library_outside_the_domain_is_told_first_with_what_would_help(run) -> None:
    foreign = of(run, outside=run.library.scored)
    first = wording.headline(foreign, cards(UNLIKE, UNLIKE))
    assert first == "Most of this library is unlike anything tested: 2 to consider"
    assert "What would help" in wording.lead(foreign, cards(UNLIKE, UNLIKE))[0]
    # What is called active is bought all the same.
    assert wording.headline(foreign, cards(ACTIVE, UNLIKE)) == "Buy this one"
    assert "What would help" in wording.lead(foreign, cards(ACTIVE, UNLIKE))[1]
    assert len(wording.lead(of(run), cards(ACTIVE))) == 1


def test_a_liability_is_told_in_the_words_of_its_title(run) -> None:
    safe = of(run, wanted="inactive")
    called = cards(INACTIVE, INACTIVE, UNSURE)
    expected = "Least likely to be active: 2 compounds called inactive"
    assert wording.headline(safe, called) == expected
    named = of(run, wanted="inactive", title="Least likely to block hERG")
    expected = "Least likely to block hERG: 2 compounds called inactive"
    assert wording.headline(named, called) == expected
    expected = "Nothing here is called inactive: 2 to consider"
    assert wording.headline(named, cards(ACTIVE, UNSURE)) == expected
    # Whether a library holds fewer of what a liability is about, nobody knows.
    assert "far fewer actives" in wording.note(of(run), called)
    assert "far fewer actives" not in wording.note(safe, called)
    inhibitors = of(run, title="BACE-1 inhibitors")
    expected = "BACE-1 inhibitors: buy these 2"
    assert wording.headline(inhibitors, cards(ACTIVE, ACTIVE)) == expected


def test_the_lead_counts_the_tags(run) -> None:
    (sentence,) = wording.lead(of(run), cards(ACTIVE, UNSURE, UNSURE, UNLIKE))
    assert "1 likely active, 2 cannot tell, 1 unlike anything tested" in sentence
    assert "all cannot tell" in wording.lead(of(run), cards(UNSURE, UNSURE))[0]
