"""`ebmscreen serve`: a local web page over a folder of assays, libraries, models and runs."""

from __future__ import annotations

import socket
import sys
import webbrowser
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workflows.checks import writable_folder
from workflows.options import COMMON, FOLDER, Common

if TYPE_CHECKING:
    from workflows.web.safety import Password


@dataclass(frozen=True, kw_only=True)
class ServeRequest(Common):
    """What the command line asks for."""

    host: str
    port: int
    password_file: Path | None
    name: tuple[str, ...]
    max_upload: int
    no_browser: bool


@click.command("serve", epilog="Example: ebmscreen serve my-project/")
@click.argument("folder", type=FOLDER, default=Path())
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Any but this machine's own needs a password.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port to listen on; 0 takes any that is free.",
)
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File whose first line is the password; asked for on the terminal if not given.",
)
@click.option(
    "--name",
    multiple=True,
    metavar="HOST",
    help="A name by which browsers reach this machine, with --host; several times for several.",
)
@click.option(
    "--max-upload",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    metavar="MB",
    help="Largest file that is taken from a browser.",
)
@click.option("--no-browser", is_flag=True, help="Do not open the page.")
@COMMON
def command(folder: Path, **given: Any) -> int:
    """Show the assays, libraries, models and runs of FOLDER in the browser, and work with them.

    Prints the address to open. Jobs go on when the server ends, and are shown again by the next
    one; -n says how many worker processes they have together.
    """
    asked = ServeRequest(**given)
    _require_packages()
    from workflows.web.folder import Folder
    from workflows.web.safety import is_local
    from workflows.web.serve import Place, serve

    if not folder.exists():
        asked.messages.announce(f"{folder} is not there yet, and is made.")
    writable_folder(folder)
    served = Folder.of(folder)
    password = None if is_local(asked.host) and not asked.password_file else _password(asked)
    listening = _listen(asked.host, asked.port)
    place = Place(listening, asked.host, password, asked.name)

    def began(address: str) -> None:
        click.echo(address)
        asked.messages.announce(f"serving {served.root}; Ctrl-C ends the server, jobs go on.")
        if not is_local(asked.host):
            asked.messages.warn(
                "what goes between browser and server is not encrypted; better serve on "
                f"127.0.0.1, and from elsewhere use `ssh -L {asked.port}:127.0.0.1:{asked.port}`."
            )
        if not asked.no_browser and sys.stdout.isatty():
            webbrowser.open(address)

    serve(served, place, cores=asked.num_workers, most_bytes=asked.max_upload * 10**6, began=began)
    return 0


def _require_packages() -> None:
    """Raise UserError when what the pages need is not installed."""
    from screening.errors import UserError

    missing = [name for name in ("starlette", "uvicorn", "multipart") if find_spec(name) is None]
    if missing:
        raise UserError(
            f"`serve` needs packages that are not installed ({', '.join(missing)}); "
            "`pip install 'ebmscreen[web]'` brings them."
        )


def _password(asked: ServeRequest) -> Password:
    """Return the password from its file, or from the terminal.

    Raises
    ------
    UserError
        It is too short, or nobody can be asked.
    """
    from screening.errors import UserError
    from workflows.web.safety import Password

    if asked.password_file is not None:
        try:
            text = asked.password_file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{asked.password_file} cannot be read ({error}).") from error
    elif sys.stdin.isatty():
        text = click.prompt("Password for the pages", hide_input=True, confirmation_prompt=True)
    else:
        raise UserError(
            f"--host {asked.host} is reached from other machines, which needs a password; give "
            "--password-file FILE."
        )
    try:
        return Password(text)
    except ValueError as error:
        raise UserError(f"{error}.") from error


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, so that nobody else takes the port after it was printed.

    Raises
    ------
    UserError
        The address is not one of this machine, or the port is taken.
    """
    from screening.errors import UserError
    from screening.systems import let_one_listen

    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        let_one_listen(listening)
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        raise UserError(
            f"nothing can listen on {host}, port {port} ({error.strerror}); is another server "
            "there? Give another --port, or 0 for any that is free."
        ) from error
    return listening
