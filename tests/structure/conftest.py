"""The modules of the packages, parsed once."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ebm", "screening", "workflows")


@dataclass
class Module:
    """A source file, with what it imports from the packages.

    Attributes
    ----------
    imported : set of str
        Modules of the packages that it imports anywhere, in functions too.
    imported_at_load : set of str
        Those that are imported when the module is.
    """

    path: Path
    tree: ast.Module
    imported: set[str]
    imported_at_load: set[str]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def modules() -> dict[str, Module]:
    """Every module by its dotted name."""
    paths = {_name(path): path for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    found = {}
    for name, path in sorted(paths.items()):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[name] = Module(
            path,
            tree,
            _imports(name, path, ast.walk(tree), set(paths)),
            _imports(name, path, _at_load(tree), set(paths)) - {name},
        )
    return found


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(name: str, path: Path, nodes, known: set[str]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(name, path, node)
            found |= {
                f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base
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
