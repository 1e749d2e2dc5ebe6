"""What differs between Linux, macOS and Windows, so that nothing else has to ask.

Light to import.
"""

from __future__ import annotations

import io
import multiprocessing
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from socket import SO_REUSEADDR, SOL_SOCKET, socket
from threading import Thread
from typing import TYPE_CHECKING, Any

from screening.errors import UserError

if TYPE_CHECKING:
    import psutil

# Variable of the environment that says how worker processes begin.
START = "EBMSCREEN_START"
# Seconds between tries to replace a file that somebody has open.
_PAUSES = (0.01, 0.05, 0.2, 0.5, 1.0)
# Names of devices, with any ending or none, and characters with a meaning in paths.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\..*)?")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity call
        return os.cpu_count() or 1


def start_method() -> str:
    """Return how worker processes begin: `forkserver` where the system has it, else `spawn`.

    The variable `EBMSCREEN_START` of the environment may say so too.

    Raises
    ------
    UserError
        It names a way that there is not.
    """
    there = [
        way for way in ("forkserver", "spawn") if way in multiprocessing.get_all_start_methods()
    ]
    wanted = os.environ.get(START) or there[0]
    if wanted not in there:
        raise UserError(f"{START} is {wanted!r}; on this system it may be {' or '.join(there)}.")
    return wanted


@contextmanager
def stops_on_sigterm() -> Iterator[None]:
    """Have SIGTERM do what Ctrl-C does: what is begun is tidied away before the process ends.

    On Windows, where nobody can send SIGTERM, Ctrl-Break does it: see `ask_to_end`.
    """

    def stop(number: int, frame: object) -> None:
        del number, frame
        raise KeyboardInterrupt

    number: int = signal.SIGTERM
    if sys.platform == "win32":
        number = signal.SIGBREAK
    try:
        before = signal.signal(number, stop)
    except ValueError:  # not the main thread: whoever runs us handles signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(number, before)


def on_its_own() -> dict[str, Any]:
    """Return what `Popen` needs to start a process that Ctrl-C in this terminal does not reach."""
    if sys.platform == "win32":
        import subprocess

        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def ask_to_end(process: psutil.Process) -> None:
    """Ask a process that was started `on_its_own` to tidy up and end."""
    if sys.platform == "win32":
        process.send_signal(signal.CTRL_BREAK_EVENT)
    else:
        process.terminate()


def give_way() -> None:
    """Let other processes go before this one, on a machine that is busy."""
    import psutil

    me = psutil.Process()
    if sys.platform == "win32":
        me.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        me.nice(min(19, me.nice() + 5))


def end_with(leash: Connection) -> None:
    """End this process as soon as nobody holds the other end of a pipe any more.

    Parameters
    ----------
    leash
        Nothing is ever sent through it. Its other end is held by the process that started this one,
        and by no other, so that it is closed when that process is gone, however it ended.
    """
    if sys.platform == "linux":
        import fcntl

        # The kernel sends SIGIO when the pipe is closed, which ends a process that knows nothing of
        # it: even one that hangs in compiled code and holds Python's lock.
        fcntl.fcntl(leash, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(leash, fcntl.F_SETFL, fcntl.fcntl(leash, fcntl.F_GETFL) | os.O_ASYNC)
        if leash.poll():  # closed before that
            os._exit(1)
    else:
        Thread(target=_wait_for_end, args=(leash,), daemon=True).start()


def _wait_for_end(leash: Connection) -> None:
    with suppress(EOFError, OSError):
        leash.recv()
    os._exit(1)


def may_sleep(process: psutil.Process) -> bool:
    """Tell whether a process sleeps: neither runs nor is kept from it. Windows does not tell."""
    if sys.platform == "win32":
        return True
    import psutil

    try:
        status = process.status()
    except psutil.Error:
        return False
    return status not in (psutil.STATUS_RUNNING, psutil.STATUS_STOPPED)


def flush(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    folder = path.is_dir()
    if folder and sys.platform == "win32":  # where a folder cannot be opened
        return
    # Windows flushes only what is open for writing; a folder can only be opened for reading.
    handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some network file systems cannot flush folders; the file itself must be on the disk.
        if not folder:
            error.filename = str(path)
            raise
    finally:
        os.close(handle)


def move_into_place(temporary: Path, path: Path) -> None:
    """Give a file its name, and put it in place of the one that has it.

    Windows refuses that while somebody reads the old one, as a virus scanner does for a moment: so
    it is tried again for two seconds.
    """
    for pause in _PAUSES if sys.platform == "win32" else ():
        try:
            temporary.replace(path)
        except PermissionError:
            time.sleep(pause)
        else:
            return
    temporary.replace(path)


def fits_everywhere(name: str) -> bool:
    """Tell whether every system takes a word as the name of a file.

    Examples
    --------
    >>> [fits_everywhere(name) for name in ("hits.csv", "CON.csv", "a:b", "ends with.")]
    [True, False, False, False]
    """
    return bool(
        name
        and not _FORBIDDEN.search(name)
        and not name.endswith((" ", "."))
        and not _DEVICES.fullmatch(name)
    )


def let_one_listen(listening: socket) -> None:
    """Let a server take its port again at once after an earlier one, and nobody beside it."""
    # On Windows this option lets a second program listen on the same port.
    if sys.platform != "win32":
        listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)


def speak_plainly() -> None:
    """Let no letter that a terminal cannot show end the program: it is shown as its code.

    What Windows sends to a file or a pipe is UTF-8, unless `PYTHONIOENCODING` says otherwise.
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):  # closed, or somebody's own
            continue
        if sys.platform == "win32" and "PYTHONIOENCODING" not in os.environ:
            stream.reconfigure(encoding="utf-8")
        stream.reconfigure(errors="backslashreplace")
