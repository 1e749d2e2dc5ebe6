"""The report in a browser, offline: what a reader does, and what the page says and asks for."""

from __future__ import annotations

import csv
import io
import json

import pytest

SHOWN = (
    "[...document.querySelectorAll('#list [data-rank].card, #list tr[data-rank]')]"
    ".map((n) => Number(n.dataset.rank))"
)
COUNT = "document.getElementById('count').textContent"


@pytest.fixture
def opened(browser, report):
    browser.open(report)
    yield browser
    # Whatever a test did: no error, no warning, no request beyond the file itself.
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith("blob:")] == [
        report.resolve().as_uri()
    ]
    assert browser.js("document.title") == "Class: hits"


@pytest.fixture
def data(report):
    text = report.read_text(encoding="utf-8")
    start = text.index('id="data">') + len('id="data">')
    return json.loads(text[start : text.index("</script>", start)])


def test_it_loads_and_draws_the_best_first(opened, data) -> None:
    shown = opened.js(SHOWN)
    assert shown == list(range(1, len(shown) + 1))
    assert len(shown) >= 24
    assert opened.js("document.querySelectorAll('.card .structure svg path').length") >= len(shown)
    assert f"{len(data['hits'])} of {len(data['hits'])} hits shown" in opened.js(COUNT)


def test_sorting_by_a_property_and_backwards(opened, data) -> None:
    by_weight = sorted(data["hits"], key=lambda hit: (hit["props"][0], hit["rank"]))
    opened.set("sort", "prop0")
    assert opened.js(SHOWN)[:10] == [hit["rank"] for hit in by_weight[:10]]
    opened.set("down", True)
    heaviest = sorted(data["hits"], key=lambda hit: (-hit["props"][0], hit["rank"]))
    assert opened.js(SHOWN)[:10] == [hit["rank"] for hit in heaviest[:10]]


def test_filters_agree_with_the_data(opened, data) -> None:
    hits = data["hits"]
    opened.set("view", "table")
    opened.set("low0", "300")
    opened.set("high0", "420")
    opened.set("alerts", "none")
    expected = [h["rank"] for h in hits if 300 <= h["props"][0] <= 420 and not h["alerts"]]
    assert 0 < len(expected) < len(hits)
    assert opened.js(COUNT).startswith(f"{len(expected)} of ")
    assert opened.js(SHOWN) == expected[: len(opened.js(SHOWN))]
    opened.set("domain", "in")
    inside = [rank for rank in expected if hits[rank - 1]["inside"]]
    assert opened.js(COUNT).startswith(f"{len(inside)} of ")
    opened.set("domain", "")
    opened.set("text", "BACE_")
    named = [rank for rank in expected if "BACE_" in hits[rank - 1]["id"]]
    assert opened.js(COUNT).startswith(f"{len(named)} of ")
    opened.js("tools.reset()")
    opened.set("low", "0.5")
    above = [h for h in hits if h["score"] >= 0.5]
    assert opened.js(COUNT).startswith(f"{len(above)} of ")


def test_a_click_on_a_column_sorts_the_table(opened, data) -> None:
    opened.set("view", "table")
    click = "document.querySelector('[data-sort=\"prop1\"]').click()"
    opened.js(click)
    greasy = sorted(data["hits"], key=lambda hit: (hit["props"][1], hit["rank"]))
    assert opened.js(SHOWN)[:5] == [hit["rank"] for hit in greasy[:5]]
    assert opened.js("document.querySelector('th[aria-sort]').ariaSort") == "ascending"
    opened.js(click)
    assert opened.js("document.querySelector('th[aria-sort]').ariaSort") == "descending"
    assert opened.js("document.activeElement.dataset.sort") == "prop1"


def test_the_selection_is_exported_safely(opened, data) -> None:
    assert opened.js("document.getElementById('save-csv').disabled") is True
    opened.js("document.getElementById('pick-shown').click()")
    text = opened.download("save-csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == len(data["hits"])
    for row, hit in zip(rows, data["hits"], strict=True):
        assert row["id"].removeprefix("'") == hit["id"]
        assert float(row["score"]) == hit["score"]
        for cell in row.values():
            assert not cell.lstrip("\u202e\n ").startswith(("=", "@", "+")), cell
    risky = [row["id"] for row in rows if row["id"].startswith("'")]
    assert {"'=cmd|'/c calc'!A0", "'@SUM(1+1)", "'+1+cmd()", "'-2+3"} <= set(risky)
    lines = opened.download("save-smiles").decode().splitlines()
    assert [line.split("\t")[0] for line in lines] == [hit["smiles"] for hit in data["hits"]]


def test_single_compounds_are_selected_and_shown_alone(opened, data) -> None:
    for rank in (2, 5):
        opened.js(f"document.querySelector('.card input[data-rank=\"{rank}\"]').click()")
    opened.set("only", "selected")
    assert opened.js(SHOWN) == [2, 5]
    text = opened.download("save-csv").decode("utf-8-sig")
    assert [row["rank"] for row in csv.DictReader(io.StringIO(text, newline=""))] == ["2", "5"]
    opened.js("document.getElementById('pick-none').click()")
    assert opened.js(SHOWN) == []


def test_the_suggested_plate_is_shown_in_the_order_of_picking(opened, data) -> None:
    opened.js("document.getElementById('show-plate').click()")
    opened.js("new Promise((done) => setTimeout(done, 200))")
    picked = sorted((h for h in data["hits"] if h["pick"]), key=lambda hit: hit["pick"])
    shown = opened.js(SHOWN)
    assert shown == [hit["rank"] for hit in picked][: len(shown)]


def test_colours_follow_the_choice(opened, data) -> None:
    discs = "document.querySelectorAll('.card .structure circle').length"
    assert opened.js(discs) > 0
    opened.set("paint", "none")
    assert opened.js(discs) == 0
    opened.set("paint", "active")
    first = "document.querySelectorAll('.card[data-rank=\"1\"] .structure circle').length"
    assert opened.js(first) == len(data["hits"][0]["active"][2])


def test_names_from_files_do_not_become_markup(opened) -> None:
    opened.set("view", "table")
    assert opened.js("document.querySelectorAll('img, #list script').length") == 0
    # All of them, also those that would be drawn on scrolling.
    opened.js("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.js("document.querySelectorAll('img, #list script').length") == 0
    text = opened.js("document.getElementById('list').textContent")
    assert "<script>document.title='owned'</script>" in text
    assert "‹U+202E›gnp.exe" in text
    assert "\u202e" not in text


def test_everything_can_be_reached_by_keyboard_and_named(opened) -> None:
    nameless = opened.js(
        """[...document.querySelectorAll('input, select, button, [role=region], [role=img]')]
           .filter((n) => !n.getAttribute('aria-label') && !n.labels?.length
                          && !n.textContent.trim())
           .map((n) => n.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    assert opened.js("document.querySelectorAll('[tabindex]:not([tabindex=\"0\"])').length") == 0


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_is_never_wider_than_the_window(browser, report, width) -> None:
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=800, deviceScaleFactor=1, mobile=width < 600,
    )  # fmt: skip
    browser.open(report)
    assert browser.js("document.documentElement.scrollWidth") <= width


def test_printing_shows_more_than_the_screen_does(opened, data) -> None:
    pdf = opened.call("Page.printToPDF", preferCSSPageSize=True)
    assert len(pdf["data"]) > 10_000
    assert opened.js(SHOWN) == list(range(1, len(data["hits"]) + 1))
