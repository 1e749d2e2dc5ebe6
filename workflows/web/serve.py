"""The server itself: one for each folder, from its first look at the jobs until it is ended."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil
import uvicorn

from screening.errors import UserError
from workflows.web.app import make_app
from workflows.web.folder import Folder
from workflows.web.safety import Door, Password


@dataclass(frozen=True)
class Place:
    """Where the server is.

    Attributes
    ----------
    listening : socket
    host : str
        As it is shown in the address.
    password : Password or None
    names : iterable of str
        Further names by which browsers reach it.
    """

    listening: socket.socket
    host: str
    password: Password | None = None
    names: Iterable[str] = ()


def serve(
    folder: Folder, place: Place, *, cores: int, most_bytes: int, began: Callable[[str], None]
) -> None:
    """Serve a folder until somebody ends it (Ctrl-C, SIGTERM).

    Parameters
    ----------
    folder
    place
    cores
        Worker processes of all jobs together.
    most_bytes
        Of an upload.
    began
        Is told the address to open.

    Raises
    ------
    UserError
        Another server serves the folder.
    """
    port = int(place.listening.getsockname()[1])
    own = (socket.gethostname(), socket.getfqdn()) if place.password else ()
    door = Door(port, place.password, (*place.names, *own, place.host))
    app = make_app(folder, door, cores=cores, most_bytes=most_bytes)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        # Pages that follow a job would otherwise hold the server for as long as it takes.
        timeout_graceful_shutdown=1,
        limit_concurrency=200,
        h11_max_incomplete_event_size=32 << 10,
    )
    # Being ended is the one way in which a server ends well.
    with suppress(KeyboardInterrupt), _alone(folder):
        began(door.address(place.host))
        uvicorn.Server(config).run(sockets=[place.listening])


@contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    """Note that this process serves the folder: two queues would begin a job twice."""
    note = folder.own / "server.json"
    with suppress(OSError, ValueError, KeyError, TypeError, psutil.Error):
        known = json.loads(note.read_text(encoding="utf-8"))
        other = psutil.Process(int(known["pid"]))
        if other.create_time() == known["started"] and other.pid != os.getpid():
            raise UserError(
                f"{folder.root} is served already, by process {other.pid}; open the address that "
                "it has printed, or end it first."
            )
    folder.own.mkdir(exist_ok=True)
    me = psutil.Process()
    content = json.dumps({"pid": me.pid, "started": me.create_time()})
    note.write_text(content, encoding="utf-8")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)
