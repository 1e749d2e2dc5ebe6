"""The command as a user starts it, and an assay as ChEMBL exports it."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from playwright.sync_api import Page

HOSTILE = "\"><script>alert('x')</script>"
NAMES = ("<img src=x onerror=alert(1)>", "</div><script>alert(1)</script>", '=cmd|"/c calc"!A1')
CHEMBL = (
    "Molecule ChEMBL ID", "Smiles", "Standard Type", "Standard Relation", "Standard Value",
    "Standard Units",
)  # fmt: skip


def until(true: Callable[[], object], seconds: float = 120) -> None:
    """Wait for something that other processes do."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


class Server:
    """`ebmscreen serve` in a process of its own."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        words = ["serve", str(folder), f"--port={port}", "-n1", "--no-browser"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workflows", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().decode().strip()
        assert self.address.startswith("http://127.0.0.1:")
        self.base = self.address.partition("/enter")[0]

    def kill(self) -> None:
        """Have it end without a word."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End it as Ctrl-C does."""
        self.process.terminate()
        self.process.wait(20)


def end_all(folder: Path) -> None:
    """End every process that was started for a served folder: servers, jobs and their workers."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(str(folder) in word for word in process.cmdline()):
                for one in [*process.children(recursive=True), process]:
                    with suppress(psutil.Error):
                        one.kill()


def write_export(path: Path, samples: Path, rows: int = 120) -> None:
    """Write BACE-1 values as ChEMBL exports them: semicolons, quotes, relations beside values."""
    with (samples / "bace.csv").open(encoding="utf-8") as file:
        known = list(csv.DictReader(file))[:: 1513 // rows][:rows]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL)
        writer.writerow(CHEMBL)
        for k, row in enumerate(known):
            value = 10 ** (9 - float(row["pIC50"]))
            relation = "'>'" if k % 10 == 0 else "'='"
            writer.writerow([row["CID"], row["mol"], "IC50", relation, f"{value:.3f}", "nM"])
        # A structure twice, on both sides of 100 nM and close to it; and one that is none.
        writer.writerow(["twin", "CCOC(=O)c1ccccc1", "IC50", "'='", "90", "nM"])
        writer.writerow([HOSTILE, "CCOC(=O)c1ccccc1", "IC50", "'='", "120", "nM"])
        writer.writerow(["broken", "C1CC(", "IC50", "'='", "50", "nM"])


NAMELESS = """[...document.querySelectorAll("input, select, textarea, button, a")].filter((n) =>
    n.type !== "hidden" && !n.closest("label") && !n.ariaLabel && !n.textContent.trim()).length"""


def looks_well(tab: Page, base: str, pages: Sequence[str]) -> None:
    """Nothing is wider than the window, and every control has a name, on a laptop and a tablet."""
    for width in (1280, 768):
        tab.set_viewport_size({"width": width, "height": 900})
        for page in pages:
            tab.goto(f"{base}{page}")
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, page
            assert tab.evaluate(NAMELESS) == 0, page
