"""What a run was started with, so that it can only be continued as it began."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from screening.errors import UserError
from screening.library.shard import ShardFiles, ShardRecord
from screening.model import file_hash
from screening.tables import write_atomically

NAME = "manifest.json"
# A model that came from no file lies in the folder of its run.
MODEL = "model.ebm"


def begin_or_continue(run: Path, records: Path, wanted: dict[str, Any]) -> bool:
    """Write the manifest of a new run, or check that of one that is there.

    Parameters
    ----------
    run : Path
        The run's folder.
    records : Path
        The folder of its records in it.
    wanted : dict
        Everything that the shards depend on.

    Returns
    -------
    bool
        True when a run is continued.

    Raises
    ------
    UserError
        The folder holds a run of something else, or files that no run made.
    """
    path = records / NAME
    if path.is_file():
        changed = differences(json.loads(path.read_text(encoding="utf-8")), wanted)
        if changed:
            raise UserError(
                f"{run} holds a run with other settings ({'; '.join(changed)}); "
                "repeat its command to continue it, or write to another folder."
            )
        return True
    if run.is_dir() and any(path.name != MODEL for path in run.iterdir()):
        raise UserError(f"{run} is not empty and holds no run; write to another folder.")
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(wanted, indent=1), encoding="utf-8")
    return False


def differences(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Say which settings are not as they were, one phrase each."""
    flat_was, flat_now = _flat(was), _flat(now)
    return [
        f"{key} was {flat_was.get(key)!r} and is {flat_now.get(key)!r}"
        for key in sorted(flat_was.keys() | flat_now.keys())
        if flat_was.get(key) != flat_now.get(key)
    ]


def _flat(value: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            found.update(_flat(item, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = item
    return found


def finished(files: ShardFiles, number: int) -> ShardRecord | None:
    """Return the record of a shard whose files are whole, or None when it must be done."""
    try:
        record = files.read_record(number)
        whole = file_hash(files.scores(number)) == record.scores_hash
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if whole else None
