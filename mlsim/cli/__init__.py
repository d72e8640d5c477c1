"""The command line: each command parses, calls `mlsim`, and prints; nothing is computed here."""

import sys

from mlsim.errors import MlsimError


def main() -> None:
    """Run one command, then exit: 0 fine, 2 a mistake in what was given, 130 Ctrl-C, 1 the rest."""
    try:
        from mlsim.cli.app import app

        app(prog_name="mlsim")
    except MlsimError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:  # before typer was there to end it so
        sys.exit(130)
    except OSError as error:  # a full disk, a folder that may not be written: no bug of ours
        print(f"mlsim: {error}", file=sys.stderr)
        sys.exit(1)
