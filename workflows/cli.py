"""The command line: finds the command, turns errors into one sentence and an exit status."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.util import find_spec

import click

from screening.errors import UserError, did_you_mean, is_text
from screening.systems import stops_on_sigterm
from screening.versions import versions

# name -> module under workflows.commands; imported only when the command is asked for,
# so that `ebmscreen --help` does not wait for torch and rdkit.
COMMANDS = {
    "demo": "Train, screen and report on the bundled data.",
    "train": "Train a model on an assay.",
    "screen": "Score and rank a library with a model.",
    "pick": "Pick the next plate from the hits of a run.",
    "predict": "Score structures, or every row of a table, with a model.",
    "learn": "Judge a model on results that came back, and train the next one with them.",
    "pretrain": "Pretrain on a library without labels, for any assay.",
    "prepare": "Do the chemistry of a library once, for any model.",
    "report": "Write the HTML report of a run.",
    "evaluate": "Judge models on repeated splits of an assay.",
    "compare": "Say which of two models is better, or what changed between two runs.",
    "explain": "Draw which atoms carry one molecule's score.",
    "inspect": "Say what is in a model, a prepared library or a run.",
    "serve": "Open a local web page over a folder.",
    "mnist": "Reproduce the documented MNIST results.",
}


# Folders of the modules of commands.
_FOLDERS = ("workflows.commands", "workflows.commands.turns")


def _module_of(command: str) -> str:
    names = [f"{folder}.{command}" for folder in _FOLDERS]
    return next(name for name in names if find_spec(name) is not None)


class LazyGroup(click.Group):
    """A click group that imports a command's module when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a user meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command, or None when there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(_module_of(cmd_name)).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of one that is not there, suggest the one most like it."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], list(COMMANDS)) or f"there are {', '.join(COMMANDS)}. "
            raise click.UsageError(f"No such command {args[0]!r}; {hint.strip()}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table above, importing none of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: ebmscreen train assay.csv -o model.ebm && "
    "ebmscreen screen library.csv -m model.ebm -o run/",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, wanted: _tell_versions(context) if wanted else None,
    help="Show the versions of what decides results, and exit.",
)
def cli() -> None:
    """Train on an assay, screen a compound library, open the report."""


def _tell_versions(context: click.Context) -> None:
    """Print versions, this program's first; nothing large is imported for them."""
    found = versions()
    for name in sorted(found, key=lambda name: name != "ebmscreen"):
        click.echo(f"{name} {found[name]}")
    context.exit()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments
        The words after `ebmscreen`; those of the process when None.

    Returns
    -------
    int
        0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    try:
        _check_words(sys.argv[1:] if arguments is None else arguments)
        with stops_on_sigterm():
            status = cli.main(args=arguments, prog_name="ebmscreen", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("ebmscreen: interrupted", err=True)
        return 130
    except UserError as error:
        click.echo(f"ebmscreen: {error}", err=True)
        return 1
    except BrokenPipeError:
        # The reader of stdout has left (`| head`); nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        click.echo(f"ebmscreen: {describe_os_error(error)}", err=True)
        return 1
    return status if isinstance(status, int) else 0


def _check_words(words: list[str]) -> None:
    """Raise UserError for a word that no table, page or terminal could show."""
    for word in words:
        if not is_text(word):
            raise UserError(
                f"{word!a} is not UTF-8, and results could not show it; rename the file, or "
                "write the word in UTF-8."
            )


def describe_os_error(error: OSError) -> str:
    """Return one sentence that names the file and what the system said."""
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}. Check the path, its permissions and the free space."
