"""Runs what a page of the documentation shows: its commands, its Python, and its files, in order.

A fenced block is one of these:

- `python`: executed; all blocks of a page share their names;
- `bash`, or no language and the name of a program at its beginning: each line is a command.
  `ebmscreen` runs in this process. A program of `ELSEWHERE` is not run, for the reason there;
- any other language, below the comment `<!-- file: NAME -->`: written as that file;
- anything else: shown, not run.

The comment `<!-- not run: REASON -->` above a block leaves it out; `<!-- run: WORDS -->` adds words
to each of its `ebmscreen` commands.

To make the pictures of a page, run it as it stands, without small models and tables:
`python -m tests.pages docs/tutorials/energy_models.md FOLDER`.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from workflows.cli import main

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(
    r"^(?:<!-- (?P<word>file|run|not run): (?P<note>.*?) -->\n+)?"
    r"^```(?P<language>\w*)\n(?P<text>.*?)^```",
    re.M | re.S,
)
# Programs that pages name and this runner does not start.
ELSEWHERE = {
    "make": "installs into an environment; the continuous integration begins with it",
    "pip": "installs",
    "python": "installs into an environment, or is a benchmark, whose options a test parses",
    "ssh": "needs another machine",
    "dask": "needs other machines; tests of the library run a local cluster",
}
# Commands of ebmscreen that this runner does not start.
ENDLESS = {
    "demo": "takes minutes; a test of its own runs a smaller one",
    "mnist": "takes minutes to days; tests of its own run each with --quick",
    "serve": "ends when it is told to; tests of its own drive a browser through its pages",
}


@dataclass(frozen=True)
class Block:
    """A fenced block, and the comment above it."""

    page: Path
    line: int
    language: str
    text: str
    word: str
    note: str

    @property
    def kind(self) -> str:
        """What is done with it: python, commands, file, left out, or shown."""
        if self.word == "not run":
            return "left out"
        if self.word == "file":
            return "file"
        if self.language == "python":
            return "python"
        first = self.text.split(maxsplit=1)[0] if self.text.strip() else ""
        begins = Path(first).name in {"ebmscreen", "mkdir", "cd", "zcat", *ELSEWHERE}
        return "commands" if self.language == "bash" or (not self.language and begins) else "shown"

    @property
    def commands(self) -> list[str]:
        """Its lines, with those that end in a backslash put together."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [line for line in lines if line.strip() and not line.startswith("#")]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}, line {self.line}"


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start("text")),
            found["language"],
            found["text"],
            found["word"] or "",
            found["note"] or "",
        )
        for found in _FENCE.finditer(text)
    ]


def run_page(page: Path, done: set[str] | None = None) -> dict[str, Any]:
    """Run a page in the current folder, and return the names that its Python made.

    A command in `done` was run in this folder by another page and is not run again.
    """
    names: dict[str, Any] = {"__name__": "__page__"}
    done = set() if done is None else done
    own: set[str] = set()
    for block in blocks_of(page):
        if block.kind == "file":
            Path(block.note).write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            source = "\n" * block.line + block.text
            exec(compile(source, str(page), "exec"), names)
        elif block.kind == "commands":
            for command in block.commands:
                if command not in done:
                    run_line(command, block)
                own.add(command)
    done |= own
    return names


def run_line(line: str, block: Block) -> None:
    """Run one line of a shell: commands after each other (&&), each with its input (|)."""
    for command in _cut(line, "&&"):
        *before, last = _cut(" ".join(command), "|")
        given = b"".join(_unpacked(word) for words in before for word in _expanded(words[1:]))
        _run(last, given, block)


def _cut(line: str, separator: str) -> list[list[str]]:
    lexer = shlex.shlex(line, posix=False, punctuation_chars="|&")
    lexer.whitespace_split = True
    parts: list[list[str]] = [[]]
    for word in lexer:
        if word == separator:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _expanded(words: list[str]) -> Iterator[str]:
    """Quotes and patterns, as a shell would."""
    for word in words:
        pattern = "*" in word and word[0] not in "\"'/"
        found = sorted(map(str, Path().glob(word))) if pattern else []
        yield from found or shlex.split(word)


def _unpacked(path: str) -> bytes:
    content = Path(path).read_bytes()
    return gzip.decompress(content) if path.endswith(".gz") else content


def _run(command: list[str], given: bytes, block: Block) -> None:
    program, *words = _expanded(command)
    program = Path(program).name
    if program == "mkdir":
        Path(words[-1]).mkdir(parents="-p" in words)
    elif program == "cd":
        os.chdir(words[0])
    elif program == "ebmscreen":
        if words[0] in ENDLESS and block.word != "run":
            return
        more = shlex.split(block.note) if block.word == "run" else []
        with patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(given))):
            status = main([*words, *more])
        assert status == 0, f"{block}: {shlex.join([program, *words, *more])} ended with {status}"
    else:
        assert program in ELSEWHERE, f"{block}: {program} is no program that a page may name"


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Work in a folder for a while."""
    before = Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


if __name__ == "__main__":
    import matplotlib

    matplotlib.use("agg")
    page, target = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    with in_folder(target):
        run_page(page)
