"""The report in a browser, offline: what a reader does, and what the page says and asks for."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import zipfile
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from rdkit import Chem

SHOWN = (
    "[...document.querySelectorAll('#list article[data-rank], #list tr[data-rank]')]"
    ".map((n) => Number(n.dataset.rank))"
)
VIEWED = "document.querySelector('#viewer[open] .card')?.dataset.rank"
COUNT = "document.getElementById('count').textContent"


@pytest.fixture
def opened(browser, report):
    browser.open(report)
    yield browser
    # Whatever a test did: no error, no warning, no request beyond the file itself.
    assert browser.complaints == []
    asked = {url for url in browser.requests if not url.startswith("blob:")}
    assert asked == {report.resolve().as_uri()}
    assert browser.js("document.title") == "Class: hits"


@pytest.fixture
def data(report):
    text = report.read_text(encoding="utf-8")
    start = text.index('id="data">') + len('id="data">')
    return json.loads(text[start : text.index("</script>", start)])


def is_tested(hit) -> bool:
    return hit["tested"] or hit["skeleton"]


def in_order(hits, key) -> list[int]:
    """Ranks as the page orders them: by a key, what was tested already last."""
    return [hit["rank"] for hit in sorted(hits, key=lambda h: (is_tested(h), key(h), h["rank"]))]


@pytest.fixture
def best(data) -> list[int]:
    """Ranks of what the page shows first."""
    return in_order(data["hits"], lambda hit: hit["rank"])[:48]


def test_it_loads_and_draws_the_best_that_is_new_first(opened, data) -> None:
    shown = opened.js(SHOWN)
    assert shown == in_order(data["hits"], lambda hit: hit["rank"])[: len(shown)]
    assert len(shown) == 48
    assert opened.js("document.querySelectorAll('.tile .open svg path').length") >= len(shown)
    assert f"{len(data['hits'])} of {len(data['hits'])} hits" in opened.js(COUNT)


def test_the_first_screen_has_the_verdict_and_the_best_structures(browser, report, data) -> None:
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=1440, height=900, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    browser.open(report)
    assert browser.js("document.querySelector('h1').getBoundingClientRect().bottom") < 900
    strip = "[...document.querySelectorAll('#strip li')].map((n) => n.getBoundingClientRect())"
    assert 8 <= browser.js(f"{strip}.length") <= 12
    assert browser.js(f"{strip}.every((box) => box.bottom < 900 && box.right <= 1440)")
    tops = browser.js("[...document.querySelectorAll('.tile')].map((n) => Math.round(n.offsetTop))")
    assert tops.count(tops[0]) == 6
    ranks = browser.js("[...document.querySelectorAll('#strip .open')].map((n) => n.dataset.open)")
    assert all(data["hits"][int(rank) - 1]["pick"] for rank in ranks)


def test_a_click_or_enter_opens_the_card_of_a_tile(opened, best) -> None:
    assert opened.js(VIEWED) is None
    opened.click(f'.tile[data-rank="{best[2]}"] .open')
    assert opened.js(VIEWED) == str(best[2])
    opened.press("ArrowRight")
    opened.press("ArrowRight")
    opened.press("ArrowLeft")
    assert opened.js(VIEWED) == str(best[3])
    opened.press("Escape")
    assert opened.js(VIEWED) is None
    opened.js(f"""document.querySelector('.tile[data-rank="{best[1]}"] .open').focus()""")
    opened.press("Enter")
    assert opened.js(VIEWED) == str(best[1])
    opened.click("#close")
    assert opened.js(VIEWED) is None
    # Back where the reader was.
    assert opened.js("document.activeElement.dataset.open") == str(best[1])


def test_a_card_says_one_plain_word_and_folds_the_figures(opened, data, best) -> None:
    opened.click(f'.tile[data-rank="{best[0]}"] .open')
    hit = data["hits"][best[0] - 1]
    assert opened.js("document.querySelector('#viewer .tag').textContent") == hit["tag"]
    assert opened.js("document.querySelector('#viewer .more').open") is False
    more = opened.js("document.querySelector('#viewer .more').textContent")
    assert f"{hit['set']}, at 10 % risk" in more
    assert "p active" in more


def test_a_rounded_figure_is_never_certain(opened) -> None:
    assert opened.js("document.body.textContent.includes('± 0.00')") is False
    opened.set("view", "cards")
    assert opened.js("document.body.textContent.includes('± 0.00')") is False
    opened.set("view", "table")
    cells = opened.js("[...document.querySelectorAll('#list td')].map((cell) => cell.textContent)")
    assert "0.000" not in cells
    assert "1.000" not in cells


def test_already_tested_compounds_are_marked_come_last_and_can_be_hidden(opened, data) -> None:
    known = [hit["rank"] for hit in data["hits"] if is_tested(hit)]
    assert known
    opened.click("#more")
    shown = opened.js(SHOWN)
    assert shown[-len(known) :] == known
    marked = "[...document.querySelectorAll('.tile')].filter((n) => n.querySelector('.tested'))"
    assert opened.js(f"{marked}.map((n) => Number(n.dataset.rank))") == known
    opened.set("hideTested", True)
    assert opened.js(COUNT).startswith(f"{len(data['hits']) - len(known)} of ")
    opened.click("#more")
    assert not set(known) & set(opened.js(SHOWN))


def test_more_is_shown_when_it_is_asked_for(opened, data) -> None:
    before = opened.js(SHOWN)
    assert len(before) == 48 < len(data["hits"])
    opened.js("window.scrollTo(0, document.body.scrollHeight)")
    assert opened.js(SHOWN) == before
    opened.click("#more")
    after = opened.js(SHOWN)
    assert after[:48] == before
    assert len(after) == len(data["hits"])
    assert opened.js("document.getElementById('more').hidden") is True
    # The keyboard goes on where the list did.
    assert opened.js("document.activeElement.dataset.open") == str(after[48])


def test_sorting_begins_with_the_best(opened, data) -> None:
    for view in ("gallery", "table"):
        opened.set("view", view)
        opened.set("sort", "score")
        best = in_order(data["hits"], lambda hit: -hit["score"])
        assert opened.js(SHOWN) == best[:48]
    assert opened.js("document.querySelector('th[aria-sort]').ariaSort") == "descending"
    opened.set("down", True)
    assert opened.js(SHOWN) == in_order(data["hits"], lambda hit: hit["score"])[:48]


def test_sorting_by_a_property_and_backwards(opened, data) -> None:
    opened.set("sort", "prop0")
    assert opened.js(SHOWN)[:10] == in_order(data["hits"], lambda hit: hit["props"][0])[:10]
    opened.set("down", True)
    assert opened.js(SHOWN)[:10] == in_order(data["hits"], lambda hit: -hit["props"][0])[:10]


def test_filters_agree_with_the_data(opened, data) -> None:
    hits = data["hits"]
    opened.set("view", "table")
    opened.set("low0", "300")
    opened.set("high0", "420")
    opened.set("alerts", "none")
    expected = [h["rank"] for h in hits if 300 <= h["props"][0] <= 420 and not h["alerts"]]
    assert 0 < len(expected) < len(hits)
    assert opened.js(COUNT).startswith(f"{len(expected)} of ")
    of_form = in_order([hits[rank - 1] for rank in expected], lambda hit: hit["rank"])
    assert opened.js(SHOWN) == of_form[: len(opened.js(SHOWN))]
    unlike = [rank for rank in expected if hits[rank - 1]["tag"] == "unlike anything tested"]
    opened.set("tag", "unlike anything tested")
    assert opened.js(COUNT).startswith(f"{len(unlike)} of ")
    opened.set("tag", "")
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
    assert opened.js(SHOWN)[:5] == in_order(data["hits"], lambda hit: hit["props"][1])[:5]
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


def test_single_compounds_are_selected_and_shown_alone(opened, best) -> None:
    chosen = sorted((best[1], best[4]))
    for rank in chosen:
        opened.click(f'.tile input[data-rank="{rank}"]')
    opened.set("only", "selected")
    assert opened.js(SHOWN) == chosen
    text = opened.download("save-csv").decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""))
    assert [int(row["rank"]) for row in rows] == chosen
    opened.js("document.getElementById('pick-none').click()")
    assert opened.js(SHOWN) == []


def test_the_suggested_plate_is_shown_in_the_order_of_picking(opened, data) -> None:
    opened.js("document.getElementById('show-plate').click()")
    opened.js("new Promise((done) => setTimeout(done, 200))")
    picked = sorted((h for h in data["hits"] if h["pick"]), key=lambda hit: hit["pick"])
    shown = opened.js(SHOWN)
    assert shown == [hit["rank"] for hit in picked][: len(shown)]


def test_the_selection_is_exported_as_a_workbook_of_text(opened, data) -> None:
    opened.js("document.getElementById('pick-shown').click()")
    book = zipfile.ZipFile(io.BytesIO(opened.download("save-xlsx")))
    assert book.testzip() is None
    rows = _sheet(book)
    names = [hit["id"] for hit in data["hits"]]
    column = rows[0].index("id")
    assert [row[column] for row in rows[1:]] == [
        re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", name)[:32_767] for name in names
    ]
    scores = rows[0].index("score")
    assert [float(row[scores]) for row in rows[1:]] == [hit["score"] for hit in data["hits"]]
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f" not in sheet


def _sheet(book: zipfile.ZipFile) -> list[list[str]]:
    """Cells of the one sheet, as Excel's own schema names them."""
    main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    root = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return [
        ["".join(cell.itertext()) for cell in row.iter(f"{main}c")]
        for row in root.iter(f"{main}row")
    ]


def test_the_selection_is_exported_as_structures(opened, data, finished_run) -> None:
    opened.js("document.getElementById('pick-shown').click()")
    supplier = Chem.SDMolSupplier()
    supplier.SetData(opened.download("save-sdf").decode())
    mols = list(supplier)
    assert len(mols) == len(data["hits"])
    drawn = pq.read_table(finished_run / "hits.parquet")["structure"].to_pylist()
    for mol, hit, structure in zip(mols, data["hits"], drawn, strict=True):
        assert Chem.MolToSmiles(mol) == Chem.CanonSmiles(structure)
        assert float(mol.GetProp("score")) == hit["score"]
        assert mol.GetProp("tag") == hit["tag"]


def test_selection_stars_and_notes_survive_a_reload_and_are_exported(opened, report, best) -> None:
    plain, starred = sorted((best[1], best[3]))
    opened.click(f'.tile input[data-rank="{plain}"]')
    opened.click(f'.tile input[data-rank="{starred}"]')
    opened.click(f'.tile [data-star="{starred}"]')
    opened.click(f'.tile[data-rank="{starred}"] .open')
    words = "=1+1 <b>ask</b> the vendor"
    opened.js(
        f"""(() => {{ const field = document.querySelector('#viewer textarea');
            field.value = {json.dumps(words)};
            field.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"""
    )
    opened.open(report)
    assert "2 selected" in opened.js(COUNT)
    ticked = "[...document.querySelectorAll('.tile input:checked')]"
    assert opened.js(f"{ticked}.map((n) => Number(n.dataset.rank))") == [plain, starred]
    pressed = "document.querySelector('.tile [aria-pressed=true]').dataset.star"
    assert opened.js(pressed) == str(starred)
    opened.click(f'.tile[data-rank="{starred}"] .open')
    assert opened.js("document.querySelector('#viewer textarea').value") == words
    opened.press("Escape")
    text = opened.download("save-csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(r["rank"], r["starred"], r["note"]) for r in rows] == [
        (str(plain), "no", ""),
        (str(starred), "yes", f"'{words}"),
    ]
    supplier = Chem.SDMolSupplier()
    supplier.SetData(opened.download("save-sdf").decode())
    assert [mol.GetProp("note") for mol in supplier] == ["", words]
    book = _sheet(zipfile.ZipFile(io.BytesIO(opened.download("save-xlsx"))))
    assert [row[book[0].index("note")] for row in book[1:]] == ["", words]
    opened.set("only", "starred")
    assert opened.js(SHOWN) == [starred]
    opened.set("only", "noted")
    assert opened.js(SHOWN) == [starred]
    assert opened.js("document.getElementById('forgetful').hidden") is True


def test_a_browser_that_keeps_nothing_is_told_so(browser, report, best) -> None:
    refuse = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('no'); }})"
    browser.call("Page.addScriptToEvaluateOnNewDocument", source=refuse)
    browser.open(report)
    assert browser.complaints == []
    assert browser.js("document.getElementById('forgetful').hidden") is False
    browser.click(f'.tile input[data-rank="{best[0]}"]')
    assert "1 selected" in browser.js(COUNT)


def test_a_hit_on_the_map_shows_its_structure_and_opens(opened, data) -> None:
    at = """(() => {
      const svg = document.querySelector('#map svg');
      svg.scrollIntoView({block: "center"});
      const [x, y] = %s, m = svg.getScreenCTM();
      return [x * m.a + m.e, y * m.d + m.f];
    })()"""
    # One that no other lies upon.
    places = data["places"]
    gaps = [min(math.dist(p, q) for q in places if q is not p) for p in places]
    alone = max(range(len(places)), key=gaps.__getitem__)
    x, y = opened.js(at % json.dumps(places[alone]))
    opened.point(x, y)
    tip = "document.querySelector('#map .tip')"
    assert opened.js(f"{tip}.hidden") is False
    assert f"rank {alone + 1}," in opened.js(f"{tip}.textContent")
    assert opened.js(f"{tip}.querySelectorAll('svg path').length") > 0
    opened.point(x, y, click=True)
    assert opened.js(VIEWED) == str(alone + 1)
    opened.press("Escape")
    opened.js("document.querySelector('#map').focus()")
    opened.press("ArrowRight")
    opened.press("ArrowRight")
    opened.press("Enter")
    assert opened.js(VIEWED) == "2"
    opened.press("Escape")
    assert opened.js("document.activeElement.id") == "map"
    opened.press("Tab")
    assert opened.js("document.activeElement.id") != "map"


def test_the_map_says_where_the_hits_were_drawn(opened, data) -> None:
    clouds = opened.js(
        f"""[...document.querySelectorAll('#map svg g[clip-path]')].map((g) =>
           [...g.querySelectorAll('use')].map((n) => [+n.getAttribute('x'), +n.getAttribute('y')]))
           .filter((cloud) => cloud.length === {len(data["places"])})"""
    )
    assert any(
        all(math.dist(p, q) < 0.2 for p, q in zip(cloud, data["places"], strict=True))
        for cloud in clouds
    )


def test_colours_follow_the_choice(opened, data, best) -> None:
    discs = "document.querySelectorAll('.tile circle').length"
    assert opened.js(discs) > 0
    opened.set("paint", "none")
    assert opened.js(discs) == 0
    opened.set("paint", "active")
    hit = data["hits"][best[0] - 1]
    atoms = len(data["drawings"][hit["drawing"]][5]) // 2
    different = atoms - len(hit["active"][2])
    first = "document.querySelector('.tile').querySelectorAll('circle').length"
    assert opened.js(first) == different


def test_names_from_files_do_not_become_markup(opened) -> None:
    # All of them, also those that are shown only when they are asked for.
    for view in ("gallery", "cards", "table"):
        opened.set("view", view)
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
    assert opened.js(SHOWN) == in_order(data["hits"], lambda hit: hit["rank"])


def test_what_is_folded_is_open_on_paper(opened) -> None:
    folded = """[...document.querySelectorAll('#quality details, #appendix details')]
        .map((fold) => [...fold.children].every((part) => part.checkVisibility()))"""
    assert not any(opened.js(folded))
    opened.call("Emulation.setEmulatedMedia", media="print")
    assert all(opened.js(folded))
    assert len(opened.js(folded)) > 2


def test_the_substructure_box_filters_as_rdkit_does(opened, data) -> None:
    mols = {hit["rank"]: Chem.MolFromSmiles(hit["structure"]) for hit in data["hits"]}
    for pattern in ("c1ccncc1", "[NX3;H2,H1;!$(NC=O)]", "[CX3](=O)[OX2H1]", "[r5]", "C.C", "[Hg]"):
        opened.set("substructure", pattern)
        query = Chem.MolFromSmarts(pattern)
        expected = {rank for rank, mol in mols.items() if mol.HasSubstructMatch(query)}
        assert opened.js(COUNT).startswith(f"{len(expected)} of ")
        assert set(opened.js(SHOWN)) <= expected
        assert opened.js("document.getElementById('substructure-note').hidden")
    opened.set("substructure", "c1ccncc1")
    rings = "document.querySelectorAll('#list [data-rank] circle.match').length"
    assert opened.js(rings) == 6 * len(opened.js(SHOWN))


def test_a_pattern_that_cannot_be_asked_filters_nothing_and_says_so(opened, data) -> None:
    for pattern in ("[R2]", "C(", "[C@H](N)C", "</script><b>"):
        opened.set("substructure", pattern)
        assert opened.js(COUNT).startswith(f"{len(data['hits'])} of ")
        note = opened.js("document.getElementById('substructure-note').textContent")
        assert note.startswith("Not filtered by this pattern: "), note
    opened.js("tools.reset()")
    opened.js("new Promise((done) => setTimeout(done, 200))")
    assert opened.js("document.getElementById('substructure-note').hidden")
