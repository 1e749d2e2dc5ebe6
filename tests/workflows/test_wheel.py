"""The wheel holds all that the packages need, and works where no checkout is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ebm", "screening", "workflows")
NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "*.pyc")
BUILD = "import sys, setuptools.build_meta as build; build.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built in a copy: the checkout stays as it is."""
    source, out = (tmp_path_factory.mktemp(name) for name in ("source", "wheel"))
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=NOT_SHIPPED)
    shutil.copytree(ROOT / "data" / "samples", source / "data" / "samples")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-W", "ignore", "-c", BUILD, str(out)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (path,) = out.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory) -> Path:
    """The Python of an environment with the wheel, which borrows the libraries of this one."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    programs = os.pathsep.join(str(home / name) for name in ("bin", "Scripts"))
    python = Path(shutil.which("python", path=programs) or "")
    quiet = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", f"--python={python}", "install", *quiet, str(wheel)]
    subprocess.run(command, check=True)
    (libraries,) = {p.parent for p in home.rglob("ebmscreen-*.dist-info")}
    # A path that is named so is searched, but what is installed there as editable is not.
    (libraries / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return python


def does(python: Path, folder: Path, *words: object) -> str:
    """Return what a program of that environment prints, far from the checkout."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    command = [str(python), *map(str, words)]
    done = subprocess.run(
        command, check=False, cwd=folder, env=clean, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_holds_every_file_of_the_packages_and_the_samples(wheel) -> None:
    needed = {
        path.relative_to(ROOT).as_posix()
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    needed |= {f"share/ebmscreen/samples/{p.name}" for p in (ROOT / "data" / "samples").iterdir()}
    names = [name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert {name.partition(".data/data/")[2] or name for name in names} == needed


def test_it_has_the_version_of_the_project(installed, tmp_path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = does(installed.with_name("ebmscreen"), tmp_path, "--version").splitlines()
    assert said[0] == f"ebmscreen {project['version']}"
    assert [line.split()[0] for line in said[1:]] == [
        *("python", "torch", "rdkit", "numpy", "scikit-learn", "scipy")
    ]


def test_it_works_without_the_checkout(installed, model, tmp_path) -> None:
    code = "import screening; print(screening.__file__); print(screening.sample('bace.csv'))"
    package, sample = map(Path, does(installed, tmp_path, "-c", code).splitlines())
    home = installed.parents[1].resolve()
    assert package.resolve().is_relative_to(home)
    assert sample.resolve().is_relative_to(home)
    table = does(installed, tmp_path, "-m", "workflows", "predict", "CCO", "-m", model, "-n", "1")
    assert "CCO" in table
