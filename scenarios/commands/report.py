"""`report`: the page of a run folder, written again from its tables."""

import sys
from pathlib import Path


def report(folder: Path) -> int:
    """Write report.html and say where it is."""
    from twin.report.page import write_report

    sys.stdout.write(f"{write_report(folder)}\n")
    return 0
