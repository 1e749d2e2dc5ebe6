"""Hits and Draw in a browser: star, note, filter, plate, export; draw, score, keep."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

from screening.hits import read_marks
from screening.predictions import read_kept
from tests.workflows.web.served import looks_well, until

RANKS = "[...document.querySelectorAll('#list .tile')].map((n) => Number(n.dataset.rank))"
TESTED = "CC(=O)Nc1ccc(O)cc1"


def saved(tab, kind: str) -> str:
    with tab.expect_download() as waiting:
        tab.click(f"[data-save={kind}]")
    return Path(waiting.value.path()).read_text(encoding="utf-8-sig")


def test_hits_are_marked_filtered_picked_and_saved(tab, serve, folder, screened) -> None:
    shutil.copytree(screened, folder, dirs_exist_ok=True)
    client = serve(folder)
    tab.goto(client.door.address())
    tab.goto(f"http://127.0.0.1:{client.port}/hits/first")
    tab.wait_for_selector(".tile")
    assert len(tab.evaluate(RANKS)) == 6
    assert tab.locator("#list img").count() == 0

    # Another tab stars one, this one another and a note; both show all when they are looked at.
    other = tab.context.new_page()
    other.goto(tab.url)
    other.click(".tile[data-rank='2'] .star")
    tab.click(".tile[data-rank='1'] .star")
    tab.click(".tile[data-rank='1'] .open")
    tab.fill("#viewer textarea", "ask for <b>price</b>")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Escape")
    other.close()
    tab.evaluate("window.dispatchEvent(new Event('focus'))")
    tab.wait_for_selector(".tile[data-rank='2'] .star[aria-pressed=true]")
    tab.reload()
    tab.wait_for_selector(".tile[data-rank='1'] .star[aria-pressed=true]")
    marks = read_marks(folder / "first").values()
    assert [mark.starred for mark in marks] == [True, True]
    assert {mark.note for mark in marks} == {"", "ask for <b>price</b>"}

    # What is starred is saved without being selected.
    tab.select_option("#save-what", "starred")
    rows = list(csv.DictReader(io.StringIO(saved(tab, "csv"))))
    assert [(row["rank"], row["starred"]) for row in rows] == [("1", "yes"), ("2", "yes")]
    tab.select_option("#save-what", "all")
    assert saved(tab, "sdf").count("$$$$") == 6

    # A substructure, drawn or typed, filters.
    tab.click("#draw-filter")
    tab.wait_for_selector("#draw-place canvas, #draw-place *")
    tab.fill("#drawn-smiles", "C1CC")
    tab.click("text=Show hits that have it")
    tab.wait_for_selector("#drawn-problem:has-text('cannot be read')")
    tab.fill("#drawn-smiles", "C1=CC=CC=N1")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#draw-dialog", state="hidden")
    assert tab.input_value("[name=substructure]") == "c1ccncc1"
    assert tab.inner_text("#count").startswith("1 of 6")
    tab.click("button[type=reset]")

    # A plate, from the keyboard.
    tab.click("text=Plate: what to buy")
    tab.fill("[name=budget]", "2")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#plate-said:has-text('2 compounds are picked')")
    assert len(tab.evaluate(RANKS)) == 2
    with tab.expect_download() as waiting:
        tab.click("text=plate.csv")
    assert Path(waiting.value.path()).read_text(encoding="utf-8").count("\n") == 3

    # Another run beside it, down to what that one scores low.
    tab.goto(f"{tab.url}?beside=second")
    tab.fill("#beside-most", "0")
    tab.wait_for_selector("#count:has-text('1 of 6')")
    pages = ("/hits/first", "/hits/first?beside=second")
    looks_well(tab, f"http://127.0.0.1:{client.port}", pages)


def test_a_structure_is_scored_while_it_is_drawn(tab, serve, folder, model) -> None:
    shutil.copyfile(model, folder / "m.ebm")
    client = serve(folder)
    tab.set_default_timeout(120_000)
    tab.goto(client.door.address())
    tab.goto(f"http://127.0.0.1:{client.port}/draw")
    tab.wait_for_selector("#canvas[data-ready]")
    tab.fill("#text", TESTED)
    tab.wait_for_selector("#card:not([hidden]) #picture svg")
    assert tab.locator("#facts .known figure svg").count() == 2
    first = tab.inner_text("#value")
    assert tab.inner_text("#change") == ""

    # A stroke: a bond to an atom in the middle of the canvas, or one of its own.
    box = tab.locator("#canvas").bounding_box()
    tab.mouse.click(box["x"] + 120, box["y"] + 60)
    until(lambda: tab.input_value("#text") != TESTED)
    drawn = tab.input_value("#text")
    assert "." in drawn
    tab.wait_for_selector("#meaning:has-text('largest')")
    assert tab.inner_text("#value") == first

    # What cannot be read is said so; the next that can is shown.
    tab.fill("#text", "<img src=x onerror=alert(1)>")
    tab.wait_for_selector("#problem:has-text('SMILES')")
    tab.fill("#text", "CCCCNc1ccccc1")
    tab.wait_for_selector("#change:has-text('against the structure before')")
    tab.wait_for_selector("#tried li >> nth=1")
    assert tab.inner_text("#problem") == ""
    tab.click("#keep")
    tab.wait_for_selector("#kept tbody tr")
    assert read_kept(folder / "ideas.csv")["smiles"].tolist() == ["CCCCNc1ccccc1"]
    with tab.expect_download() as waiting:
        tab.click("[data-tried=sdf]")
    assert Path(waiting.value.path()).read_text(encoding="utf-8").count("$$$$") == 2
    with tab.expect_download() as waiting:
        tab.click("#kept-files >> text=CSV")
    assert "CCCCNc1ccccc1" in Path(waiting.value.path()).read_text(encoding="utf-8")
    looks_well(tab, f"http://127.0.0.1:{client.port}", ("/draw", "/draw?smiles=" + "C" * 900))
