"""The Tab key: commands, options and their values, in the shells that people use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from click.shell_completion import get_completion_class

from workflows.cli import COMMANDS, cli

SHELLS = ("bash", "zsh", "fish")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_completes_commands_options_and_values(shell, monkeypatch) -> None:
    known = get_completion_class(shell)
    assert known is not None
    completer = known(cli, {}, "ebmscreen", "_EBMSCREEN_COMPLETE")
    offered = [found.value for found in completer.get_completions([], "")]
    assert offered == list(COMMANDS)
    assert [found.value for found in completer.get_completions([], "ser")] == ["serve"]
    options = [found.value for found in completer.get_completions(["screen"], "--t")]
    assert {"--top", "--timeout", "--title"} <= set(options)
    engines = [found.value for found in completer.get_completions(["screen", "--engine"], "")]
    assert engines == ["local", "dask"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_reads_what_it_is_given(shell, tmp_path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not on this machine")
    asked = {**os.environ, "_EBMSCREEN_COMPLETE": f"{shell}_source"}
    command = [sys.executable, "-m", "workflows"]
    script = subprocess.run(command, env=asked, capture_output=True, text=True, check=True).stdout
    assert "_EBMSCREEN_COMPLETE" in script
    path = tmp_path / "completion"
    path.write_text(script, encoding="utf-8")
    subprocess.run([program, "-n", str(path)], check=True)
