"""The files around the code say what pyproject.toml says, and nothing private of any library."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Names of conda's packages where they differ from those of pip's.
CONDA = {"torch": "pytorch", "matplotlib": "matplotlib-base"}
# What has no public counterpart, with the arguments that are used. When one of these is gone, the
# module that imports it needs another way; the oldest scikit-learn and torch that pyproject.toml
# allows, and the newest, are those that this was tested with.
PRIVATE = {
    "sklearn.base._fit_context": ["prefer_skip_nested_validation"],
    "sklearn.utils._param_validation.Interval": ["type", "left", "right", "closed"],
    "sklearn.utils._param_validation.StrOptions": ["options"],
    "sklearn.utils.validation._check_sample_weight": ["X", "dtype"],
    "torch.optim.adamw.adamw": ["exp_avg_sqs", "fused", "amsgrad", "weight_decay", "eps"],
    "torch.optim.sgd.sgd": ["momentum", "lr", "dampening", "nesterov", "maximize"],
}
# Functions behind torch's optimisers: documented by their classes only.
HALF_PUBLIC = ("torch.optim.adamw", "torch.optim.sgd")


def read_yaml(name: str):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def required(lines: list[str]) -> dict[str, str]:
    """Return the bound of each package."""
    parts = [re.fullmatch(r"([\w-]+) ?(>=[\w.]+)", line) for line in lines]
    assert all(parts), lines
    return {part[1]: part[2] for part in parts if part}


def test_the_version_stands_once_and_is_repeated_truly() -> None:
    recipe, citation = read_yaml(".conda/recipe.yaml"), read_yaml("CITATION.cff")
    assert citation["version"] == recipe["context"]["version"] == PROJECT["version"]
    assert PROJECT["requires-python"] == f">={recipe['context']['python_min']}"


def test_conda_installs_what_pip_does() -> None:
    recipe = read_yaml(".conda/recipe.yaml")["requirements"]["run"]
    ours = required([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["web"]])
    theirs = required([line for line in recipe if not line.startswith("python >=$")])
    assert theirs == {CONDA.get(name, name): bound for name, bound in ours.items()}


def test_every_system_and_the_bounds_are_tried() -> None:
    jobs = read_yaml(".github/workflows/tests.yml")["jobs"]
    matrix = jobs["tests"]["strategy"]["matrix"]
    assert {name.split("-")[0] for name in matrix["system"]} == {"ubuntu", "macos", "windows"}
    assert matrix["python"][0] == PROJECT["requires-python"].removeprefix(">=")
    assert {"oldest", "newest"} <= {row["versions"] for row in matrix["include"]}


@pytest.mark.parametrize("name", ["bug", "idea"])
def test_the_forms_ask_in_words(name) -> None:
    form = read_yaml(f".github/ISSUE_TEMPLATE/{name}.yml")
    assert form["name"]
    assert form["description"]
    ids = [field["id"] for field in form["body"]]
    assert len(set(ids)) == len(ids)
    assert all(field["attributes"]["label"] for field in form["body"])


def private_imports() -> set[str]:
    """Names with an underscore, or of modules with one, that come from other projects."""
    found = set()
    for package in ("ebm", "screening", "workflows"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.ImportFrom) or node.module in (None, "__future__"):
                    continue
                for alias in node.names:
                    name = f"{node.module}.{alias.name}"
                    hidden = any(part.startswith("_") for part in name.split("."))
                    if hidden or node.module in HALF_PUBLIC:
                        found.add(name)
    return found


def test_what_is_private_elsewhere_is_listed() -> None:
    assert private_imports() == set(PRIVATE)


@pytest.mark.parametrize("name", PRIVATE)
def test_what_is_private_elsewhere_is_there_as_it_is_used(name) -> None:
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute, None)
    assert found is not None, f"{name} is gone: see what imports it"
    known = inspect.signature(found).parameters
    assert [argument for argument in PRIVATE[name] if argument not in known] == []
