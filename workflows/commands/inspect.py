"""`ebmscreen inspect`: what is in a model file, a prepared library or a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from workflows.options import COMMON


@click.command("inspect", epilog="Example: ebmscreen inspect model.ebm")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@COMMON
def command(path: Path, as_json: bool, **common: Any) -> None:
    """Say what is in a model file (.ebm), a prepared library, or the folder of a run."""
    del common
    if path.is_dir():
        from screening.library import is_prepared

        content = _prepared(path) if is_prepared(str(path)) else _run(path)
    else:
        from screening.model import is_pretrained_file, is_values_file

        told = _pretrained if is_pretrained_file(path) else _model
        content = (_values if is_values_file(path) else told)(path)
    if as_json:
        click.echo(json.dumps(content, indent=1, ensure_ascii=False))
        return
    click.echo(content["summary"])


def _run(path: Path) -> dict[str, Any]:
    from screening.errors import UserError

    try:
        run = json.loads((path / "run.json").read_text(encoding="utf-8"))
        return _told(run)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} holds no finished run (run.json cannot be read, or is no run's); "
            "repeat the `ebmscreen screen` command to finish it."
        ) from error


def _told(run: dict[str, Any]) -> dict[str, Any]:
    from screening.hits import columns_for

    # Runs of earlier versions predict no values.
    counts, valued = run["counts"], run.get("values", [])
    columns = columns_for(run["tasks"], csv=True, valued=valued)
    lines = [
        f"run of {', '.join(run['sources'])}",
        f"{counts['read']} rows read = {counts['scored']} scored + {counts['rejected']} rejected",
        f"{run['hits']} hits, tasks {', '.join(run['tasks'])}",
        f"model {run['model']} (sha256 {run['model_hash'][:12]})",
        "seconds: " + ", ".join(f"{stage} {spent}" for stage, spent in run["seconds"].items()),
        f"command: {run['command']}",
        "columns of hits.csv, and of hits.parquet with types and more:",
        *(f"  {name}: {column.meaning}" for name, column in columns.items()),
    ]
    described = {
        name: {"type": str(c.type), "meaning": c.meaning, "made": c.made, "in_csv": c.in_csv}
        for name, c in columns_for(run["tasks"], valued=valued).items()
    }
    return {"summary": "\n".join(lines), "columns": described, **run}


def _prepared(path: Path) -> dict[str, Any]:
    from screening.library import open_prepared

    library = open_prepared(str(path))
    content, limits = library.description, library.limits
    counts, parameters = content["counts"], content["parameters"]
    names = [block["name"] for block in parameters["features"]["blocks"]]
    kind = "packed" if library.packed else "prepared"
    lines = [
        f"{kind} library of {', '.join(content['sources'])}",
        f"{counts['read']} rows = {counts['scored']} molecules + {counts['rejected']} rejected",
        f"{len(content['parts'])} parts; rejects in _rejects.csv",
        f"features {', '.join(names)}; standardisation {parameters['standardize']}",
        f"limits: {limits.max_atoms} heavy atoms, {limits.timeout_seconds:g} s a molecule",
        "versions " + ", ".join(f"{k} {v}" for k, v in content["versions"].items()),
        f"command: {content['command']}",
    ]
    return {"summary": "\n".join(lines), **content}


def _pretrained(path: Path) -> dict[str, Any]:
    from screening.model import load_pretrained

    pretrained = load_pretrained(path)
    origin, options = pretrained.provenance, pretrained.options
    sizes = " - ".join(map(str, pretrained.dbn.sizes))
    lines = [
        f"pretrained stack of {', '.join(origin['sources'])}",
        f"{origin['read']} rows, {origin['drawn']} drawn, {origin['molecules']} molecules",
        f"features {', '.join(options.features)}; standardisation {options.standardize}",
        f"RBMs of {sizes} units, {options.pretrain_epochs} epochs each, seed {options.seed}",
        "versions " + ", ".join(f"{k} {v}" for k, v in origin["versions"].items()),
        f"command: {origin['command']}",
        f"sha256 {pretrained.sha256}",
    ]
    return {
        "summary": "\n".join(lines),
        "options": options.to_dict(),
        "provenance": origin,
        "sha256": pretrained.sha256,
    }


def _values(path: Path) -> dict[str, Any]:
    from screening.evaluation import values_text
    from screening.model.regression.file import load_regression

    model = load_regression(path)
    origin = model.provenance
    rows = [
        f"model of values of {origin['source']}: {origin['compounds']} compounds",
        *(
            f"  {task}: {c['measured']} measured, {c['limits']} known to lie beyond a limit"
            for task, c in origin["counts"].items()
        ),
        f"features {', '.join(model.features.names)}; standardisation {model.options.standardize}",
        "",
        values_text(model.quality),
        "",
        *_ledger_lines(origin["ledger"]),
        "read from Python: screening.load_model",
    ]
    return {
        "summary": "\n".join(rows),
        "tasks": list(model.tasks),
        "options": model.options.to_dict(),
        "quality": model.quality,
        "provenance": origin,
        "sha256": model.model_hash,
    }


def _model(path: Path) -> dict[str, Any]:
    from screening.evaluation import quality_text, values_text
    from screening.model import load_model

    model = load_model(path)
    origin = model.provenance
    sizes = " - ".join(map(str, model.ensemble.members[0].network.sizes))
    rows = [
        f"model of {origin['source']}: {origin['compounds']} compounds",
        *(
            f"  {task}: {c['active']} active, {c['inactive']} inactive, {c['missing']} missing"
            for task, c in origin["counts"].items()
        ),
        f"features {', '.join(model.features.names)}; standardisation {model.options.standardize}",
        f"{len(model.ensemble)} networks of {sizes} units, pretraining {model.options.pretrain}",
        *model.blend_sentences(),
        *_pretraining_lines(origin.get("pretrained")),
        *_tuning_lines(origin.get("tuning")),
        *(f"  {line}" for turn in model.turns for line in turn.lines()),
        "versions " + ", ".join(f"{k} {v}" for k, v in origin["versions"].items()),
        f"command: {origin['command']}",
        f"sha256 {model.model_hash}",
        "",
        quality_text(model.quality),
        "",
        *(f"{figures}\n" for figures in [values_text(model.quality)] if figures),
        *_ledger_lines(origin["ledger"]),
    ]
    return {
        "summary": "\n".join(rows),
        "tasks": list(model.tasks),
        "options": model.options.to_dict(),
        "blend": {} if model.blend is None else model.blend.described(model.tasks),
        "quality": model.quality,
        "provenance": origin,
        "turns": [turn.to_dict() for turn in model.turns],
        "model_hash": model.model_hash,
    }


def _pretraining_lines(pretrained: dict[str, Any] | None) -> list[str]:
    if pretrained is None:
        return []
    sources, sha256 = ", ".join(pretrained["sources"]), pretrained["sha256"][:12] or "not kept"
    return [f"pretrained on {pretrained['molecules']} molecules of {sources} (sha256 {sha256})"]


def _tuning_lines(tuning: dict[str, Any] | None) -> list[str]:
    from screening.evaluation import tuning_text

    return [] if tuning is None else tuning_text(tuning).splitlines()


def _ledger_lines(ledger: dict[str, Any]) -> list[str]:
    head = (
        f"curation: {ledger['read']} rows read, {ledger['kept']} compounds kept, "
        f"{len(ledger['rejects'])} rejected, {ledger['unlabelled']} without label"
    )
    lines = [head]
    lines += [
        f"  line {r['row']} rejected, {r['reason']}: {r['message']}" for r in ledger["rejects"]
    ]
    lines += [
        f"  lines {', '.join(map(str, m['rows']))} are one structure: {m['smiles']}"
        for m in ledger["merges"]
    ]
    lines += [
        f"  lines {', '.join(map(str, c['rows']))} contradict each other on {c['task']} "
        f"({c['resolution']}): {c['smiles']}"
        for c in ledger["conflicts"]
    ]
    lines += [
        f"  lines {', '.join(map(str, r['rows']))} have the median {r['combined']} of {r['task']} "
        f"(spread {r['spread']:.3g} {r['unit']}): {r['smiles']}"
        for r in ledger.get("repeats", ())
    ]
    return lines + [f"  {note}" for note in (*ledger["notes"], *ledger.get("warnings", ()))]
