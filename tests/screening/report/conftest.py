"""A run with hostile names, its report, and a browser: Chromium over a pipe, stdlib only."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from screening.library import ScreenOptions, screen
from screening.report import write_report

OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-extensions "
    "--remote-debugging-pipe --hide-scrollbars"
).split()


class Browser:
    """One tab at a time, driven by the DevTools protocol.

    A tab shares nothing with those before it. Everything that the page says on the console or asks
    of a network is kept in `complaints` and `requests`.
    """

    def __init__(self, program: str, folder: Path) -> None:
        self.folder = folder
        to_child, self._out = os.pipe()
        self._in, from_child = os.pipe()
        command = [program, *OPTIONS, f"--user-data-dir={folder / 'profile'}", "about:blank"]

        def pipes() -> None:
            # DevTools reads from descriptor 3 and writes to 4; the ends may be one of these.
            read, write = os.dup(to_child), os.dup(from_child)
            high_read, high_write = os.dup2(read, 100), os.dup2(write, 101)
            os.dup2(high_read, 3)
            os.dup2(high_write, 4)

        self.process = subprocess.Popen(
            command,
            preexec_fn=pipes,  # noqa: PLW1509 - pytest runs one thread here
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_child)
        os.close(from_child)
        self._buffer = b""
        self._number = 0
        self.session: str | None = None
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._context: str | None = None
        self.new_tab()

    def new_tab(self) -> None:
        """Close the tab that is open, with all that its pages stored, and open another."""
        self.session = None
        if self._context is not None:
            self.call("Target.disposeBrowserContext", browserContextId=self._context)
        self.complaints, self.requests = [], []
        context = self._context = self.call("Target.createBrowserContext")["browserContextId"]
        made = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self.call("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        return self._until(lambda found: found.get("id") == self._number)

    def wait_for(self, method: str) -> None:
        """Wait for an event."""
        self._until(lambda found: found.get("method") == method)

    def _until(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        while True:
            found = self._read()
            if found.get("sessionId") not in (None, self.session):
                continue  # of a tab that was closed
            self._note(found)
            if wanted(found):
                if "error" in found:
                    raise RuntimeError(found["error"])
                return found.get("result", {})

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = os.read(self._in, 1 << 20)
            if not part:
                raise RuntimeError("the browser ended")
            self._buffer += part
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)

    def _note(self, found: dict[str, Any]) -> None:
        about = found.get("params", {})
        if found.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(about))
        elif found.get("method") == "Log.entryAdded":
            self.complaints.append(json.dumps(about["entry"]))
        elif found.get("method") == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])

    def open(self, path: Path) -> float:
        """Open a file; return the seconds until it was loaded."""
        started = time.perf_counter()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.wait_for("Page.loadEventFired")
        return time.perf_counter() - started

    def js(self, expression: str) -> Any:
        """Evaluate an expression in the page, waiting for a promise."""
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in result:
            raise AssertionError(result["exceptionDetails"])
        return result["result"].get("value")

    def set(self, name: str, value: Any) -> None:
        """Fill a field of the page's form as a reader would, and let the page follow."""
        self.js(
            f"""new Promise((done) => {{
              const form = document.getElementById("tools");
              const field = form.elements[{json.dumps(name)}];
              if (field.type === "checkbox") field.checked = {json.dumps(bool(value))};
              else field.value = {json.dumps(value)};
              form.dispatchEvent(new Event("input", {{bubbles: true}}));
              setTimeout(done, 150);
            }})"""
        )

    def press(self, key: str) -> None:
        """Press and release a key where the focus is."""
        text = {"Enter": "\r"}.get(key, "")
        code = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39, "Tab": 9}[key]
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        down = "keyDown" if text else "rawKeyDown"
        self.call("Input.dispatchKeyEvent", type=down, text=text, **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def point(self, x: float, y: float, click: bool = False) -> None:
        """Move the mouse to a place of the window, and click there where that is asked for."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        for kind in ("mousePressed", "mouseReleased") if click else ():
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def click(self, selector: str) -> None:
        """Click on the middle of an element, with the mouse."""
        x, y = self.js(
            f"""new Promise((done) => {{
              const node = document.querySelector({json.dumps(selector)});
              node.scrollIntoView({{block: "center"}});
              // What comes into view may take another height once it is drawn.
              requestAnimationFrame(() => requestAnimationFrame(() => {{
                node.scrollIntoView({{block: "center"}});
                const box = node.getBoundingClientRect();
                done([box.x + box.width / 2, box.y + box.height / 2]);
              }}));
            }})"""
        )
        self.point(x, y, click=True)

    def download(self, button: str) -> bytes:
        """Press a button that saves a file; return the file."""
        folder = Path(tempfile.mkdtemp(dir=self.folder))
        # Downloads belong to the browser, not to the tab.
        session, self.session = self.session, None
        self.call(
            "Browser.setDownloadBehavior",
            behavior="allow",
            downloadPath=str(folder),
            browserContextId=self._context,
        )
        self.session = session
        self.js(f"document.getElementById({json.dumps(button)}).click()")
        for _ in range(200):
            done = [p for p in folder.iterdir() if not p.name.endswith(".crdownload")]
            if done:
                return done[0].read_bytes()
            time.sleep(0.05)
        raise AssertionError(f"{button} saved nothing")

    def close(self) -> None:
        """End the browser that this object started."""
        os.close(self._out)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._in)


@pytest.fixture(scope="session")
def one_browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    opened = Browser(chromium, tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def browser(one_browser: Browser) -> Browser:
    """A fresh tab: to start a browser takes longer than most tests."""
    one_browser.new_tab()
    return one_browser


# Names that have broken reports, spreadsheets or file formats.
HOSTILE_NAMES = (
    "<script>document.title='owned'</script>",
    "</script><script>document.title='owned'</script>",
    "<!--<script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "=cmd|'/c calc'!A0",
    "@SUM(1+1)",
    "+1+cmd()",
    "-2+3",
    "\u202egnp.exe",
    "line\u2028separator",
    "two\nlines",
    "&lt;b&gt; & 'quotes' \"double\"",
    "x" * 10_000,
    "{{ 7 * 7 }}",
)
HOSTILE_COLUMNS = ("<img src=x onerror=alert(1)>", '=HYPERLINK("http://example.org")')


def _library(samples: Path) -> list[list[str]]:
    with gzip.open(samples / "wehi.csv.gz", "rt", encoding="utf-8") as file:
        rows = [[smiles, name, "shelf", "1"] for smiles, name in islice(csv.reader(file), 60)]
    with (samples / "bace.csv").open(encoding="utf-8") as file:
        known = list(csv.DictReader(file))
    # Some that the model was trained on, and some that it was not.
    rows += [[row["mol"], row["CID"], "bace", "2"] for row in (*known[:5], *known[-25:])]
    for place, name in enumerate(HOSTILE_NAMES):
        rows[place][1], rows[place][2], rows[place][3] = name, name, f"={name}"
    rows += [["C1CC(", "<b>broken</b>", "", ""], ["CC(C)(C)(C)C", "five bonds", "", ""]]
    return [*rows, ["", "nothing", "", ""], [*rows[20][:1], "twin", "", ""]]


@pytest.fixture(scope="session")
def reported_run(samples, model_file, make_once) -> Path:
    """A run of real compounds with hostile names, and its report."""

    def make(run: Path) -> None:
        library = run.with_name("library.csv")
        with library.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["smiles", "id", *HOSTILE_COLUMNS])
            writer.writerows(_library(samples))
        screen([str(library)], model_file, run, ScreenOptions())
        write_report(run)

    return make_once("reported-run", make)


@pytest.fixture(scope="session")
def finished_run(reported_run) -> Path:
    """That run; whoever changes it must copy it first."""
    return reported_run


@pytest.fixture(scope="session")
def report(reported_run) -> Path:
    return reported_run / "report.html"


@pytest.fixture
def run_copy(finished_run, tmp_path) -> Path:
    return Path(shutil.copytree(finished_run, tmp_path / "run"))
