"""The folders of the checkout are those that the design names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

PACKAGES = ("ebm", "screening", "workflows")
MOST = 12
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
    """A folder of tests is named after the sub-package or the module that it tests."""
    wrong = []
    for package in PACKAGES:
        for folder in (root / "tests" / package).iterdir():
            place = root / package / folder.name
            there = place.is_dir() or place.with_suffix(".py").is_file()
            if next(folder.glob("test_*.py"), None) and not there:
                wrong.append(f"tests/{package}/{folder.name} tests no part of {package}")
    assert not wrong, "\n".join(wrong)


def test_a_folder_holds_at_most_a_dozen_modules(root: Path) -> None:
    """Beside `__init__.py`: more than that, and a reader finds nothing by its name."""
    count = Counter(
        path.parent.relative_to(root)
        for package in PACKAGES
        for path in (root / package).rglob("*.py")
        if path.name != "__init__.py"
    )
    wrong = [f"{folder} holds {n} modules" for folder, n in sorted(count.items()) if n > MOST]
    assert not wrong, "\n".join(wrong)
