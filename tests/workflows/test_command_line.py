"""What every command shares: help, usage errors, exit statuses, start-up."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from workflows.cli import COMMANDS, cli, main


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n  {name} " in printed


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([name, "--help"]) == 0
    assert f"ebmscreen {name}" in capsys.readouterr().out.split("Example", 1)[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_takes_the_common_options(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    single = command.commands.values() if isinstance(command, click.Group) else [command]
    for one in single:
        spelled = {word for option in one.params for word in option.opts}
        assert {"--config", "--seed", "-n", "--num-workers", "-q", "-v"} <= spelled


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-command"],
        ["train"],
        ["screen", "library.csv"],
        ["train", "a.csv", "--no-such-option"],
    ],
)
def test_wrong_usage_exits_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "Error" in capsys.readouterr().err


def test_help_imports_neither_torch_nor_rdkit() -> None:
    code = (
        "import sys; from workflows.cli import main; main(['--help']);"
        "heavy = {'torch', 'rdkit', 'sklearn', 'pandas', 'matplotlib'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
