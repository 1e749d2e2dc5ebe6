"""`python -m workflows` and the `ebmscreen` script."""

import sys

from workflows.cli import main


def run() -> None:
    """Run the command line and leave with its exit status."""
    sys.exit(main())


if __name__ == "__main__":
    run()
