"""What a command says on stderr while it works; stdout is kept for results."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import click


@dataclass(frozen=True)
class Messages:
    """How much a command says: -1 quiet (only warnings), 0 normal, 1 and more verbose."""

    level: int = 0

    @classmethod
    def of(cls, quiet: bool, verbose: int) -> Messages:
        """Return the messages that -q and -v ask for."""
        if verbose > 1:
            logging.basicConfig(level=logging.DEBUG)
        return cls(-1 if quiet else verbose)

    def announce(self, sentence: str) -> None:
        """Say one sentence on stderr, unless quiet."""
        if self.level >= 0:
            click.echo(sentence, err=True)

    def detail(self, sentence: str) -> None:
        """Say one sentence on stderr when verbose."""
        if self.level >= 1:
            click.echo(sentence, err=True)

    def warn(self, sentence: str) -> None:
        """Say one sentence on stderr, also when quiet."""
        click.echo(f"warning: {sentence}", err=True)

    @property
    def shows_progress(self) -> bool:
        """Whether progress is shown at all."""
        return self.level >= 0
