"""Imports run one way: workflows -> screening -> ebm, and never in a circle."""

from __future__ import annotations

import ast

MAY_IMPORT = {"ebm": set(), "screening": {"ebm"}, "workflows": {"ebm", "screening"}}
# Sub-packages from the general to the particular: each imports only those before it.
ORDER = {
    "ebm": "units sampling likelihood train finetune dbn dbm estimators storage".split(),
    "screening": (
        "chemistry drawing evaluation features tables assay trust learners model explain hits "
        "library plate predictions report study tuning turns"
    ).split(),
    "workflows": "mnist web commands".split(),
}
CHEMISTRY = {"rdkit", "pandas"}
PICKLING = {"pickle", "cloudpickle", "dill", "shelve"}
RUNS_FOREIGN_CODE = {"eval", "exec", "torch.load", "joblib.load"}


def package_of(name: str) -> str:
    return name.split(".")[0]


def part_of(name: str) -> str:
    """The package with its sub-package, or the name of a module beside the sub-packages."""
    return ".".join(name.split(".")[:2])


def sub_packages(modules, package: str) -> set[str]:
    return {
        name
        for name, module in modules.items()
        if name.count(".") == 1 and package_of(name) == package
        if module.path.name == "__init__.py"
    }


def foreign_imports(tree: ast.Module) -> set[str]:
    """Top-level names of everything that is imported absolutely."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {package_of(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(package_of(node.module or ""))
    return found


def circle(graph: dict[str, set[str]]) -> list[str] | None:
    """A circle of the graph, its first node again at its end; None if there is none."""
    done: set[str] = set()
    path: list[str] = []

    def visit(node: str) -> list[str] | None:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done or node not in graph:
            return None
        path.append(node)
        for target in sorted(graph[node]):
            found = visit(target)
            if found:
                return found
        path.pop()
        done.add(node)
        return None

    for start in sorted(graph):
        found = visit(start)
        if found:
            return found
    return None


def test_packages_import_only_those_below_them(modules) -> None:
    wrong = {
        f"{name} imports {imported}"
        for name, module in modules.items()
        for imported in module.imported
        if package_of(imported) not in {package_of(name), *MAY_IMPORT[package_of(name)]}
    }
    assert not wrong, "\n".join(sorted(wrong))


def test_no_circle_between_modules_at_load(modules) -> None:
    # A package's __init__ re-exports its parts: the parts may not need the re-export.
    found = circle({name: module.imported_at_load for name, module in modules.items()})
    assert found is None, " imports ".join(found or [])


def test_no_circle_between_sub_packages_at_any_time(modules) -> None:
    graph: dict[str, set[str]] = {}
    for name, module in modules.items():
        targets = {part_of(imported) for imported in module.imported}
        graph.setdefault(part_of(name), set()).update(targets - {part_of(name)})
    parts = {part for part in graph if "." in part}
    found = circle({part: graph[part] & parts for part in parts})
    assert found is None, " imports ".join(found or [])


def test_sub_packages_import_only_those_more_general_than_they(modules) -> None:
    for package, order in ORDER.items():
        there = {name.split(".")[1] for name in sub_packages(modules, package)}
        assert there <= set(order), "a new sub-package needs its place in ORDER, and in the design"
        wrong = {
            f"{name} imports {imported}"
            for name, module in modules.items()
            for imported in module.imported
            if {part_of(name), part_of(imported)} <= sub_packages(modules, package)
            and order.index(imported.split(".")[1]) > order.index(name.split(".")[1])
        }
        assert not wrong, "\n".join(sorted(wrong))


def test_the_search_for_circles_finds_them() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) is None


def test_the_engine_knows_no_chemistry(modules) -> None:
    wrong = [
        name
        for name, module in modules.items()
        if package_of(name) == "ebm" and foreign_imports(module.tree) & CHEMISTRY
    ]
    assert not wrong


def test_nothing_unpickles(modules) -> None:
    """A model file from a stranger must not be able to run code."""
    wrong = []
    for name, module in modules.items():
        wrong += [f"{name} imports {n}" for n in sorted(foreign_imports(module.tree) & PICKLING)]
        calls = (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))
        called = {ast.unparse(call.func) for call in calls}
        wrong += [f"{name} calls {n}" for n in sorted(called & RUNS_FOREIGN_CODE)]
    assert not wrong, "\n".join(wrong)
