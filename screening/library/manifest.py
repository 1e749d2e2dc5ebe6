"""What the shards of a run depend on, so that it can only be continued as it began."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any

from screening.errors import UserError
from screening.tables import remove_unfinished, write_atomically

NAME = "manifest.json"
# A model that came from no file lies in the folder of its run.
MODEL = "model.ebm"
# Rows of a shard: of a screen, and of a preparation.
_SIZES = ("shard_size", "part_size")

Settings = dict[str, Any]


def begun(records: Path) -> Settings | None:
    """Return what the run was begun with whose records are in a folder; None where none was.

    Raises
    ------
    UserError
        The file that says so is damaged, or somebody else's.
    """
    path = records / NAME
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        kinds = {"sources": list, "bytes": dict, "options": dict}
        right = all(isinstance(found[name], kind) for name, kind in kinds.items())
        size = next(found["options"][name] for name in _SIZES if name in found["options"])
        right = right and isinstance(size, int) and size > 0
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        right = False
    if not right:
        raise _foreign(path)
    return dict(found)


def _foreign(path: Path) -> UserError:
    return UserError(
        f"{path} does not say how the run began: it is damaged, or no file of a run. Delete it, "
        "and the same command continues the run; or write to another folder."
    )


def settings_hash(settings: Settings) -> str:
    """Return a hash of what shards are done with."""
    text = json.dumps(settings, sort_keys=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def begin_or_continue(folder: Path, records: Path, now: Settings) -> bool:
    """Write what a new run depends on, or check it against the run that is there.

    Parameters
    ----------
    folder : Path
        The run's folder.
    records : Path
        The folder of its records in it.
    now : dict
        Everything that the shards depend on: `sources`, `bytes` (size, or digest, of each) and
        `options`; and what makes them, `model_hash` or `parameters`.

    Returns
    -------
    bool
        True when a run is continued.

    Raises
    ------
    UserError
        The folder holds a run of something else, or files that no run made.
    """
    was = begun(records)
    if was is not None:
        try:
            changed = [sentence for compare in _COMPARISONS for sentence in compare(was, now)]
        except (KeyError, TypeError, AttributeError) as error:
            raise _foreign(records / NAME) from error
        if changed:
            raise UserError(
                f"{folder} cannot be continued: {'; '.join(changed)}. Repeat the command that "
                "began it, or write to another folder."
            )
        remove_unfinished(folder)
        return True
    # Records know what their rows were and what they were done with: they are of use without it.
    known = MODEL, records.name
    others = folder.is_dir() and any(path.name not in known for path in folder.iterdir())
    if others and not records.is_dir():
        raise UserError(f"{folder} is not empty and holds no run; write to another folder.")
    remove_unfinished(folder)
    with write_atomically(records / NAME) as temporary:
        temporary.write_text(json.dumps(now, indent=1), encoding="utf-8")
    return False


def _sources(was: Settings, now: Settings) -> list[str]:
    if was["sources"] == now["sources"]:
        return []
    before, after = (", ".join(settings["sources"]) for settings in (was, now))
    return [f"it was begun with the library {before}, and this command names {after}"]


def _sizes(was: Settings, now: Settings) -> list[str]:
    found = []
    for source in was["bytes"].keys() & now["bytes"].keys():
        before, after = was["bytes"][source], now["bytes"][source]
        if before == after:
            continue
        if isinstance(before, int) and isinstance(after, int):
            more = "more" if after > before else "fewer"
            difference = abs(after - before)
            noun = "byte" if difference == 1 else "bytes"
            found.append(
                f"the library {source} has {difference:,} {noun} {more} than when the run began"
            )
        else:
            found.append(f"the library {source} was prepared anew since the run began")
    return sorted(found)


def _model(was: Settings, now: Settings) -> list[str]:
    if was.get("model_hash") == now.get("model_hash"):
        return []
    name = f"{was['model']}, " if was.get("model") else ""
    before, after = (settings["model_hash"][:12] for settings in (was, now))
    other = f"{name}SHA-256 {before}…; this one's is {after}…"
    return [f"the run was made with another model ({other})"]


def _limits(was: Settings, now: Settings) -> list[str]:
    before, after = (settings["options"].get("limits", {}) for settings in (was, now))
    return [
        f"it was begun with {key} ({option}) {before[key]:g}, and this command's is {after[key]:g}"
        for key, option in (("max_atoms", "--max-atoms"), ("timeout_seconds", "--timeout"))
        if key in before and key in after and before[key] != after[key]
    ]


def _columns(was: Settings, now: Settings) -> list[str]:
    found = []
    for key, what in (("smiles_column", "structures"), ("id_column", "names")):
        if key not in now["options"] or was["options"].get(key) == now["options"][key]:
            continue
        before, after = (_column(settings, key) for settings in (was, now))
        if before != after:
            found.append(
                f"{what} were taken from {before}, and this command takes them from {after}"
            )
    return found


def _sheet(was: Settings, now: Settings) -> list[str]:
    sheets = [settings["options"].get("sheet") for settings in (was, now)]
    if sheets[0] == sheets[1]:
        return []
    before, after = (f"the sheet {name!r}" if name else "the first sheet" for name in sheets)
    return [f"it was begun with {before} (--sheet), and this command reads {after}"]


def _column(settings: Settings, key: str) -> str:
    # A guess is as good as the name, where it was made from all there is: one file.
    if len(settings["sources"]) == 1 and key in settings.get("columns", {}):
        name = settings["columns"][key]
        return f"the column {name!r}" if name else "no column"
    name = settings["options"].get(key)
    return f"the column {name!r}" if name else "the column that is guessed"


def _parameters(was: Settings, now: Settings) -> list[str]:
    before, after = was.get("parameters"), now.get("parameters")
    if before == after:
        return []
    if before is None or after is None:
        return ["it is of another command"]
    if before.get("kind") != after.get("kind"):
        return ["one of the two is a packed library (--packed), and the other is none"]
    if before["standardize"] != after["standardize"]:
        levels = (before["standardize"], after["standardize"])
        return ["it was begun with --standardize {}, and this command's is {}".format(*levels)]
    names = [", ".join(b["name"] for b in p["features"]["blocks"]) for p in (before, after)]
    if names[0] == names[1]:
        return ["it was begun by another version of ebmscreen"]
    return [f"it was begun with the features {names[0]}, and this command's are {names[1]}"]


def _restated(was: Settings, now: Settings) -> list[str]:
    del now
    if was["options"].get("prevalence") is None:
        return []
    return ["its scores were stored for a prevalence (--prevalence), by an earlier version"]


def _version(was: Settings, now: Settings) -> list[str]:
    if was.get("scores_version") == now.get("scores_version"):
        return []
    return ["its scores have other columns, by another version of ebmscreen"]


_COMPARISONS = (
    _sources,
    _sizes,
    _model,
    _limits,
    _columns,
    _sheet,
    _parameters,
    _restated,
    _version,
)


def differences(was: Settings, now: Settings) -> list[str]:
    """Say which of any settings are not as they were, one phrase each, by their names."""
    flat_was, flat_now = _flat(was), _flat(now)
    return [
        f"{key} was {flat_was.get(key)!r} and is {flat_now.get(key)!r}"
        for key in sorted(flat_was.keys() | flat_now.keys())
        if flat_was.get(key) != flat_now.get(key)
    ]


def _flat(value: Settings, prefix: str = "") -> Settings:
    found: Settings = {}
    for key, item in value.items():
        if isinstance(item, dict):
            found.update(_flat(item, f"{prefix}{key}."))
        else:
            found[f"{prefix}{key}"] = item
    return found
