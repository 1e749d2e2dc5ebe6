"""The documents: their commands exist, their links resolve, their lines are wrapped."""

from __future__ import annotations

import argparse
import re
import runpy
import shlex
import sys
from pathlib import Path

import click
import pytest

from workflows.cli import cli

ROOT = Path(__file__).resolve().parents[1]
PAGES = (
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "data" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
FIGURES = ROOT / "docs" / "benchmarks.md"
MOST_LINES = 150
# against_others.py starts this one.
STARTED_BY_OTHERS = {"plain_models.py"}
WIDTH = 100


class ParsedError(Exception):
    """Raised once a program has parsed its arguments, so that nothing else runs."""


def code_of(page: Path) -> list[str]:
    """Return each line of the code blocks, and each piece of code in the text."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?!text)\w*\n(.*?)^```", text, re.S | re.M)
    words = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    lines = [line for block in blocks for line in block.splitlines()]
    return lines + re.findall(r"`([^`\n]+)`", words)


def commands_of(page: Path, program: str) -> list[str]:
    """Return the calls of a program, without pipes and comments."""
    found = []
    for line in code_of(page):
        for part in re.split(r"\s*(?:\||&&|#)\s*", line):
            if part.startswith(program):
                found.append(part)
    return found


def named(pages: tuple[Path, ...], program: str) -> list[object]:
    """Return (page, command) of each call of a program."""
    return [
        pytest.param(command, id=f"{page.name}: {command[:60]}")
        for page in pages
        for command in dict.fromkeys(commands_of(page, program))
    ]


def test_the_page_of_figures_is_one_page() -> None:
    assert len(FIGURES.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_the_page_of_figures_names_every_program() -> None:
    page = FIGURES.read_text(encoding="utf-8")
    programs = [
        path.name
        for path in sorted((ROOT / "benchmarks").glob("*.py"))
        if "__main__" in path.read_text(encoding="utf-8") and path.name not in STARTED_BY_OTHERS
    ]
    assert [name for name in programs if f"python benchmarks/{name}" not in page] == []


def test_every_table_of_figures_has_a_command() -> None:
    sections = FIGURES.read_text(encoding="utf-8").split("\n## ")[1:]
    for section in sections:
        title = section.splitlines()[0]
        if title != "The data":
            assert re.search(r"python benchmarks/|ebmscreen ", section), title


@pytest.mark.parametrize("command", named(PAGES, "python benchmarks/"))
def test_a_benchmark_understands_the_command(command: str, monkeypatch) -> None:
    _, path, *words = shlex.split(command)
    parse = argparse.ArgumentParser.parse_args

    def only_parse(parser, *given):
        parse(parser, *given)
        raise ParsedError

    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setattr(sys, "argv", [path, *words])
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", only_parse)
    with pytest.raises(ParsedError):
        runpy.run_path(str(ROOT / path))["main"]()
    sys.modules.pop("conftest", None)  # report_load.py imports the one of the report's tests


@pytest.mark.parametrize("command", named(PAGES, "ebmscreen "))
def test_the_command_line_has_the_options(command: str) -> None:
    words = shlex.split(command)[1:]
    found: click.Command = cli
    while words and isinstance(found, click.Group):
        name = words.pop(0)
        if name in ("--help", "--version", "..."):
            return
        child = found.get_command(click.Context(found), name)
        assert child is not None, f"there is no command {name}"
        found = child
    known = {
        option
        for parameter in found.get_params(click.Context(found))
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    asked = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert asked <= known, f"{sorted(asked - known)} is no option of {found.name}"


def anchors_of(page: Path) -> set[str]:
    """Return what GitHub calls the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_project_resolve(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors_of(file), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_lines_are_wrapped(page: Path) -> None:
    """Only tables, code and a single long word may be longer."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    for line in text.splitlines():
        if len(line) > WIDTH and not line.startswith(("|", "    ", "![")):
            assert " " not in re.sub(r"`[^`]*`", "code", line).strip(), line
