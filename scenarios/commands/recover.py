"""`recover`: tables, metrics, summary, picture and page of a run folder, rebuilt from its journal."""

from pathlib import Path

from scenarios.summary_view import show_summary


def recover(folder: Path) -> int:
    """Rebuild a run folder and show what the run came to."""
    from scenarios import engine

    result = engine.recover(folder)
    show_summary(result.summary, result.folder)
    return 0
