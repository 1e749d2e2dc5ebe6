"""The folders of the checkout are those that the design names."""

from __future__ import annotations

from pathlib import Path

# Made by tools, or by the README's commands; git ignores them.
NOT_OURS = {"build", "dist", "demo", "run"}


def folders_with_code(root: Path) -> set[str]:
    return {
        folder.name
        for folder in root.iterdir()
        if folder.is_dir()
        and folder.name not in NOT_OURS
        and not folder.name.startswith(".")
        and next(folder.rglob("*.py"), None)
    }


def test_code_is_where_a_reader_looks_for_it(root: Path) -> None:
    expected = {"ebm", "screening", "workflows", "tests", "benchmarks"}
    assert folders_with_code(root) == expected
    assert all((root / name).is_dir() for name in ("data", "docs"))
    assert not list((root / "data").rglob("*.py"))
    assert not list((root / "docs").rglob("*.py"))


def test_the_tests_mirror_the_packages(root: Path) -> None:
    """A folder of tests is named after the package or sub-package that it tests."""
    wrong = []
    for package in ("ebm", "screening", "workflows"):
        for folder in (root / "tests" / package).iterdir():
            if not next(folder.glob("test_*.py"), None) if folder.is_dir() else True:
                continue
            place = root / package / folder.name
            if not place.exists() and not place.with_suffix(".py").exists():
                wrong.append(f"tests/{package}/{folder.name} tests no part of {package}")
    assert not wrong, "\n".join(wrong)
