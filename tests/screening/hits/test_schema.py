"""The columns are spelled once: manual, files and schema agree."""

from __future__ import annotations

import re
from pathlib import Path

from screening.hits import COLUMNS, columns_for
from screening.hits.schema import free_names

MANUAL = Path(__file__).parents[3] / "docs" / "manual.md"


def test_the_manual_lists_every_column_as_the_schema_has_it() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    section = text[text.index("### The columns of hits.csv") :].split("\n### ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    assert rows == [(column.name, f"{column.meaning} | {column.made}") for column in COLUMNS], (
        "\n".join(f"| `{c.name}` | {c.meaning} | {c.made} |" for c in COLUMNS)
    )
    first = next(column.name for column in COLUMNS if not column.in_csv)
    assert f"columns from `{first}` on are in hits.parquet only" in " ".join(section.split())


def test_several_tasks_have_a_block_each() -> None:
    one, two = list(columns_for(["a"], csv=True)), list(columns_for(["a", "b"], csv=True))
    assert one[:5] == ["rank", "id", "smiles", "score", "score_std"]
    block = ["score", "score_std", "p_active", "p_inactive", "prediction_set"]
    assert two[3:13] == [f"{name}_{task}" for task in "ab" for name in block]
    assert two[13:] == one[8:]
    assert list(columns_for(["a"]))[: len(one)] == one


def test_a_name_that_is_taken_gets_a_prefix() -> None:
    found = free_names(["score", "price", "input_score"], ["score", "rank"])
    assert found == {
        "score": "input_score",
        "price": "price",
        "input_score": "input_input_score",
    }
