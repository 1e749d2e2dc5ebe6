"""Whether there is to be a first pass, and the packed parts that it goes over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from screening.chemistry import Limits
from screening.errors import UserError
from screening.library.engines.cluster import DaskEngine, Recipe
from screening.library.engines.workers import Workers
from screening.library.first_pass.rounds import worth_it
from screening.library.first_pass.state import Ask
from screening.library.loop import OnCounts, ShardEngine, do_shards
from screening.library.manifest import settings_hash
from screening.library.options import ScreenOptions
from screening.library.packed.format import PackedPart, packed_files, packed_parameters
from screening.library.packed.pack import PackTask, part_packer
from screening.library.prepared.source import PreparedStream, is_prepared, open_prepared
from screening.model import file_hash
from screening.tables import LibraryStream, open_library, source_size
from screening.tables.sources import expand

# From so many rows on, what a first pass saves is worth more than what it costs. Raw files are
# packed for it, which takes a sixth of the time of scoring them.
AUTO_ROWS, AUTO_PACKED = 1_000_000, 200_000
# Packed parts have so many times the rows of a shard: they are read faster so, and hold less each.
PARTS_OF_SHARDS = 5
_PACKED = "packed"


def wants_first_pass(
    sources: Sequence[str],
    options: ScreenOptions,
    ask: Ask,
    before: Mapping[str, Any] | None,
) -> bool:
    """Tell whether a library is to have a first pass.

    Parameters
    ----------
    sources
    options
    ask
        What would be promised.
    before
        What the run that is there was begun with.

    Raises
    ------
    UserError
        The run that is there was begun in the other way, or the library cannot have one.
    """
    names = [str(source) for source in sources]
    wanted = options.first_pass
    if before is not None:
        was = bool(before["options"].get("first_pass", False))
        if wanted != "auto" and was != (wanted == "on"):
            begun = "with" if was else "without"
            raise UserError(
                f"the run that is there was begun {begun} a first pass (--first-pass); leave the "
                "option out to continue it, or write to another folder."
            )
        return was
    prepared = [name for name in names if is_prepared(name)]
    if wanted == "on":
        if prepared and not all(open_prepared(name).packed for name in prepared):
            raise UserError(
                f"{prepared[0]} is a prepared library; a first pass (--first-pass) goes over raw "
                "files and packed libraries (`ebmscreen prepare --packed`)."
            )
        return True
    if wanted == "off" or options.require or options.exclude:
        return False
    least = AUTO_PACKED if prepared else AUTO_ROWS
    return worth_it(least, ask) and _has_many(names, prepared, options)


def _has_many(names: Sequence[str], prepared: Sequence[str], options: ScreenOptions) -> bool:
    if prepared:
        libraries = [open_prepared(name) for name in prepared]
        rows = sum(library.description["counts"]["scored"] for library in libraries)
        return rows >= AUTO_PACKED and all(library.packed for library in libraries)
    if any(source_size(name) is None for name in expand(names)):
        return False
    rows = 0
    for chunk in open_library(
        names,
        smiles_column=options.smiles_column,
        id_column=options.id_column,
        sheet=options.sheet,
        chunk_size=PARTS_OF_SHARDS * options.shard_size,
    ):
        rows += len(chunk)
        if rows >= AUTO_ROWS:
            return True
    return False


def pack_into(
    run: Path,
    stream: LibraryStream,
    limits: Limits,
    options: ScreenOptions,
    part_size: int,
    on_counts: OnCounts,
) -> list[PackedPart]:
    """Pack raw files into a run, for its first pass; raw files are read this once."""
    folder = (run / _PACKED).resolve()
    depends_on = {"parameters": packed_parameters(), "limits": asdict(limits)}
    files = packed_files(folder, settings_hash(depends_on))
    task = PackTask(folder, limits, files.made_by)

    def engine() -> AbstractContextManager[ShardEngine]:
        if options.engine == "local":
            return Workers(task, options.workers, part_packer)
        recipe = Recipe.of(stream.sources, options, part_size)
        return DaskEngine(task, recipe, options.workers, options.scheduler, part_packer)

    done = do_shards(stream, files, engine, on_counts)
    return [
        PackedPart(folder, number, file_hash(files.record(number))) for number in range(done.shards)
    ]


def packed_parts(stream: PreparedStream) -> list[PackedPart]:
    """Return the parts of packed libraries."""
    return [part for part in stream if isinstance(part, PackedPart)]


@contextmanager
def started_once(
    engine: Callable[[], AbstractContextManager[ShardEngine]],
) -> Iterator[Callable[[], AbstractContextManager[ShardEngine]]]:
    """Give what starts an engine when it is first asked for, and ends it at the end."""
    started: list[ShardEngine] = []
    with ExitStack() as stack:

        @contextmanager
        def kept() -> Iterator[ShardEngine]:
            if not started:
                started.append(stack.enter_context(engine()))
            yield started[0]

        yield kept
