"""What a person types to call this program again."""

import sys
from pathlib import Path


def program() -> str:
    """The first words of a command line, as this one was called."""
    return "python run_twin.py" if Path(sys.argv[0]).name == "run_twin.py" else "run-twin"
