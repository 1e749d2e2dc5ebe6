"""How many rows a file has, without reading it whole."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from screening.errors import UserError
from screening.tables import rows_about, sources


def test_small_files_are_counted(tmp_path) -> None:
    path = tmp_path / "a.csv"
    for text, rows in (("smiles\nCCO\n", 2), ("smiles\nCCO", 2), ("", 0)):
        path.write_text(text, encoding="utf-8")
        assert rows_about(path) == (rows, True)
    (tmp_path / "a.sdf").write_text("x\n\n\nM  END\n$$$$\n" * 7, encoding="utf-8")
    assert rows_about(tmp_path / "a.sdf") == (7, True)
    pd.DataFrame({"smiles": ["C"] * 5}).to_parquet(tmp_path / "a.parquet")
    assert rows_about(tmp_path / "a.parquet") == (5, True)
    pd.DataFrame({"smiles": ["C"]}).to_excel(tmp_path / "a.xlsx")
    assert rows_about(tmp_path / "a.xlsx") == (None, False)


def test_large_files_are_estimated(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sources, "_COUNTED", 1_000_000)
    monkeypatch.setattr(sources, "_BUFFER", 1024)
    # Hard to pack: gzip itself reads up to 128 KiB ahead, depending on the version of Python.
    atoms = np.random.default_rng(0).choice(list("CNOScnos"), (60_000, 60))
    text = "".join(f"{''.join(row)},{k}\n" for k, row in enumerate(atoms))
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("a.csv", "a.csv.gz"):
        rows, exact = rows_about(tmp_path / name)
        assert not exact
        assert rows == pytest.approx(60_000, rel=0.35)


def test_what_is_damaged_gets_a_sentence(tmp_path) -> None:
    packed = gzip.compress(b"smiles\n" + bytes(range(32, 127)) * 3000)
    (tmp_path / "cut.csv.gz").write_bytes(packed[:-30])
    (tmp_path / "cut.parquet").write_bytes(b"PAR1xxxx")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG....")
    for path in tmp_path.iterdir():
        with pytest.raises(UserError):
            rows_about(path)
