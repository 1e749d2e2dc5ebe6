"""How long a browser takes to load a report, and how large the file is.

    python benchmarks/report_load.py run/report.html [--times 5]

Needs Chromium. Prints the size in MB and the median seconds from navigation to the load event, by
which the first hits are drawn and the page answers clicks and keys.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "screening" / "report"))
from conftest import Browser


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--browser", default="chromium", help="Chromium or Chrome")
    given = parser.parse_args()
    program = shutil.which(given.browser)
    if program is None:
        print(f"there is no {given.browser} on this machine")
        return 1
    seconds = []
    for _ in range(given.times):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            browser = Browser(program, Path(folder))
            seconds.append(browser.open(given.report))
            tiles = browser.js("document.querySelectorAll('.tile').length")
            browser.close()
    size = given.report.stat().st_size / 1e6
    print(f"{size:.1f} MB, {statistics.median(seconds):.2f} s to load, {tiles} hits drawn")
    return 0


if __name__ == "__main__":
    sys.exit(main())
