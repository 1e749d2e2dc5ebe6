"""A server over a folder, and a plain HTTP client that can also misbehave."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import uvicorn

from tests.workflows.web.served import NAMES, end_all
from workflows.__main__ import main
from workflows.web.app import make_app
from workflows.web.folder import Folder
from workflows.web.safety import Door, Password

LIMIT = 200_000


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    """Asks one server; adds no header that it is not told to, but Host and the cookie."""

    port: int
    door: Door
    app: Any
    cookie: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Accept": "text/html", **self.headers}
        if self.cookie:
            sent["Cookie"] = self.cookie
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.putrequest(method, target, skip_host="Host" in sent, skip_accept_encoding=True)
        if isinstance(body, bytes) and "Transfer-Encoding" not in sent:
            sent.setdefault("Content-Length", str(len(body)))
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        try:
            if body:
                connection.send(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was all sent
        found = connection.getresponse()
        answer = Answer(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())
        connection.close()
        return answer

    def get(self, target: str, **headers: str) -> Answer:
        return self.ask("GET", target, **headers)

    @property
    def form_token(self) -> str:
        return self.door.form_token(self.cookie.partition("=")[2])

    def post(self, target: str, fields: Any = (), *, token: str | None = None, **headers: str):
        pairs = list(fields.items() if isinstance(fields, dict) else fields)
        pairs.append(("form_token", self.form_token if token is None else token))
        headers.setdefault("Content_Type", "application/x-www-form-urlencoded")
        return self.ask("POST", target, urlencode(pairs).encode(), **headers)

    def upload(self, name: str, data: bytes, *, token: str | None = None, **headers: str):
        headers["X_Form_Token"] = self.form_token if token is None else token
        return self.ask("POST", "/upload?" + urlencode({"name": name}), data, **headers)

    def come_in(self) -> Answer:
        target = re.sub(r"^http://[^/]+", "", self.door.address())
        answer = self.get(target)
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer


Serve = Callable[..., Client]


@pytest.fixture
def serve(folder: Path) -> Iterator[Serve]:
    """Start a server over a folder, in this process; it ends before the jobs of the folder do."""
    del folder
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(path: Path, *, password: Password | None = None, inside: bool = True, **more: Any):
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        door = Door(port, password, ("desk.example",) if password else ())
        app = make_app(Folder.of(path), door, **{"cores": 1, "most_bytes": LIMIT, **more})
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        running.append((server, thread))
        client = Client(port, door, app)
        if inside and password is None:
            client.come_in()
        return client

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder to serve, with a secret beside it; its jobs end with the test."""
    (tmp_path / "secret.csv").write_text("smiles,y\nCCO,1\n", encoding="utf-8")
    made = tmp_path / "project"
    made.mkdir()
    yield made
    if (made / ".ebmscreen").exists():
        end_all(made)


@pytest.fixture(scope="session")
def screened(model, make_once) -> Path:
    """A folder with a run of named and hostile compounds, and another of all but one of them."""

    def screen(path: Path) -> None:
        path.mkdir()
        shutil.copyfile(model, path / "m.ebm")
        rows = [("alpha", "c1ccncc1CC"), ("beta", "CC(=O)Nc1ccc(O)cc1"), ("gamma", "CCN")]
        rows += [(name, f"c1ccccc1{'C' * i}N") for i, name in enumerate(NAMES, start=1)]
        pd.DataFrame(rows, columns=["name", "smiles"]).to_csv(path / "lib.csv", index=False)
        first, second = path / "first", path / "second"
        words = ["-m", str(path / "m.ebm"), "-o", str(first), "-n", "1"]
        assert main(["screen", str(path / "lib.csv"), *words]) == 0
        shutil.copytree(first, second)
        (part,) = (second / "scores").glob("*.parquet")
        table = pq.read_table(part)
        score = pc.multiply(table["score"], 0.5)
        table = table.set_column(table.column_names.index("score"), "score", score)
        pq.write_table(table.slice(1), part)

    return make_once("screened", screen)


@pytest.fixture
def tab(chromium: str) -> Iterator[Any]:
    """A tab whose page may not complain, nor ask anybody but its server."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        said: list[str] = []
        asked: set[str] = set()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.add(request.url.partition(":")[2][:11]))
        yield page
        browser.close()
    # A page that follows a job sees the server go; what cannot be read is answered by 400.
    expected = ("ERR_CONNECTION", "ERR_INCOM", "status of 400")
    assert [line for line in said if not any(word in line for word in expected)] == []
    assert asked <= {"//127.0.0.1", ","}
