"""`python -m workflows` and the `ebmscreen` script."""

import sys

from screening.systems import speak_plainly
from workflows.cli import main


def run() -> None:
    """Run the command line and leave with its exit status."""
    speak_plainly()
    sys.exit(main())


if __name__ == "__main__":
    run()
