"""One plain tag a compound."""

from __future__ import annotations

import pytest

from screening.hits import TAGS, tag_of


@pytest.mark.parametrize("found", ["active", "inactive", "either", "neither"])
def test_outside_the_domain_nothing_else_is_said(found) -> None:
    assert tag_of(found, in_domain=False) == "unlike anything tested"
    assert tag_of(found, in_domain=True) in TAGS


def test_only_a_set_of_one_class_names_it() -> None:
    tags = [tag_of(found, in_domain=True) for found in ("active", "inactive", "either", "neither")]
    assert tags == ["likely active", "likely inactive", "cannot tell", "unlike anything tested"]
