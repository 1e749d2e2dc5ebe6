"""A served folder for the programs beside: the command in a process of its own, and a visitor."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import psutil

SECONDS = 300


class Served:
    """`ebmscreen serve` over a folder, with one visitor who is let in.

    Parameters
    ----------
    folder
        To be served.
    """

    def __init__(self, folder: Path) -> None:
        words = [sys.executable, "-m", "workflows", "serve", str(folder)]
        words += ["--port=0", "-n1", "--no-browser"]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.address = self._process.stdout.readline().strip()
        if not self.address:
            raise SystemExit(self._process.wait())
        self.base = self.address.partition("/enter")[0]
        self._port = int(self.base.rpartition(":")[2])
        entered = self._ask("GET", self.address.removeprefix(self.base))
        self._cookie = (entered.getheader("set-cookie") or "").partition(";")[0]

    _cookie = ""

    def _ask(self, method: str, target: str, body: str | None = None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        headers = {"Accept": "text/html", "Cookie": self._cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, target, body, headers)
        return connection.getresponse()

    def processor_seconds(self) -> float:
        """Return what the server itself, without jobs, has taken so far."""
        times = psutil.Process(self._process.pid).cpu_times()
        return times.user + times.system

    def page(self, target: str) -> tuple[int, float]:
        """Return status and seconds of one page, with its whole text."""
        began = time.perf_counter()
        found = self._ask("GET", target)
        found.read()
        return found.status, time.perf_counter() - began

    def text(self, target: str) -> str:
        """Return a page."""
        return self._ask("GET", target).read().decode()

    def post(self, form_at: str, target: str, **fields: str) -> str:
        """Send a form of a page, and return where it leads."""
        known = dict(re.findall(r'name="(form_token|name)" value="([^"]*)"', self.text(form_at)))
        return self._ask("POST", target, urlencode(known | fields)).getheader("location") or ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
