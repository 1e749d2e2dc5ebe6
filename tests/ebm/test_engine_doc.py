"""The manual's example runs as printed, and does what the page says."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"


def test_an_rbm_on_your_own_matrix(capsys):
    text = PAGE.read_text(encoding="utf-8")
    section = text.split("## An RBM on your own matrix")[1].split("\n## ")[0]
    (example,) = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    names: dict = {}
    exec(compile(example, str(PAGE), "exec"), names)
    assert "EpochRecord(epoch=20" in capsys.readouterr().out
    assert names["features"].shape == (50, 8)
    assert names["novelty"].shape == (50,)
    last = names["history"].records[-1]
    # The rows are copies of one bit: a machine that has learned needs far less than 20 bits.
    assert last.reconstruction_cross_entropy_nats < last.independent_bit_cross_entropy_nats / 4


def test_every_unit_and_sampler_of_the_page_exists():
    import ebm
    import ebm.sampling

    text = PAGE.read_text(encoding="utf-8")
    units = text.split("## The units")[1].split("\n## ")[0]
    for name in re.findall(r"^\| `([A-Z]\w+)\(", units, flags=re.MULTILINE):
        assert hasattr(ebm, name), name
    samplers = text.split("## The samplers")[1].split("\n## ")[0]
    for name in re.findall(r"^\| `(\w+)\(", samplers, flags=re.MULTILINE):
        assert hasattr(ebm.sampling, name), name
