"""The house's arrows: workflows -> screening -> ebm, one way between rooms, no circle."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ebm", "screening", "workflows")
MAY_IMPORT = {"ebm": set(), "screening": {"ebm"}, "workflows": {"ebm", "screening"}}


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(name: str, path: Path, *, at_load_only: bool) -> set[str]:
    """Our own modules that a module imports, at load or anywhere in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = _at_load(tree) if at_load_only else ast.walk(tree)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(name, path, node)
            found |= {
                f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base
                for alias in node.names
            }
    return {module for module in found if module.split(".")[0] in PACKAGES}


def _at_load(tree: ast.Module):
    """Statements that run when the module is imported: not in functions, not for type checkers."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
            continue
        yield node
        waiting.extend(ast.iter_child_nodes(node))


def _absolute(name: str, path: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


@pytest.mark.parametrize("name", MODULES)
def test_packages_import_only_what_the_design_allows(name: str) -> None:
    package = name.split(".")[0]
    imported = imports(name, MODULES[name], at_load_only=False)
    foreign = {m for m in imported if m.split(".")[0] != package}
    forbidden = {m for m in foreign if m.split(".")[0] not in MAY_IMPORT[package]}
    assert not forbidden, f"{name} imports {sorted(forbidden)}"


def test_no_circle_between_modules() -> None:
    """Circles are looked for between modules at load, and between rooms at any time."""
    graph = {
        name: imports(name, path, at_load_only=True) - {name} for name, path in MODULES.items()
    }
    # A package's __init__ re-exports its parts: the parts may not need the re-export.
    assert _circle(graph) is None, f"import circle: {' -> '.join(_circle(graph) or [])}"


def test_no_circle_between_rooms() -> None:
    rooms: dict[str, set[str]] = {}
    for name, path in MODULES.items():
        room = _room(name)
        targets = {_room(m) for m in imports(name, path, at_load_only=False)}
        rooms.setdefault(room, set()).update(targets - {room})
    packages = {room for room in rooms if "." in room}
    graph = {room: rooms[room] & packages for room in packages}
    assert _circle(graph) is None, f"circle of rooms: {' -> '.join(_circle(graph) or [])}"


def _room(name: str) -> str:
    return ".".join(name.split(".")[:2])


def _circle(graph: dict[str, set[str]]) -> list[str] | None:
    done: set[str] = set()
    path: list[str] = []

    def visit(node: str) -> list[str] | None:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done or node not in graph:
            return None
        path.append(node)
        for target in sorted(graph[node]):
            circle = visit(target)
            if circle:
                return circle
        path.pop()
        done.add(node)
        return None

    for start in sorted(graph):
        circle = visit(start)
        if circle:
            return circle
    return None


def test_the_circle_finder_finds_circles() -> None:
    assert _circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert _circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def test_the_engine_knows_no_chemistry() -> None:
    chemistry = {"rdkit", "pandas"}
    for name, path in MODULES.items():
        if not name.startswith("ebm"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                assert not {a.name.split(".")[0] for a in node.names} & chemistry, name
            elif isinstance(node, ast.ImportFrom) and not node.level:
                assert (node.module or "").split(".")[0] not in chemistry, name


def test_data_holds_files_and_no_code() -> None:
    assert not list((ROOT / "data").rglob("*.py"))


def test_nothing_unpickles() -> None:
    """A model file from a stranger must not be able to run code."""
    for name, path in MODULES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names = {alias.name.split(".")[0] for alias in node.names}
                assert not names & {"pickle", "cloudpickle", "dill", "shelve"}, name
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"eval", "exec", "torch.load", "joblib.load"}, name
