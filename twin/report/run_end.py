"""Where a run ended."""

from twin.journal.folder import RunFolder
from twin.journal.summary import last_instant_ns
from twin.journal.tables import RunTables

_NS_PER_S = 1e9


def end_of_run_ns(folder: RunFolder, tables: RunTables) -> int:
    """The end that the summary tells or, without a summary, the last instant that a table knows of."""
    if not folder.summary_path.exists():
        return last_instant_ns(tables)
    virtual_s = folder.read_summary().get("virtual_s")
    return round(virtual_s * _NS_PER_S) if isinstance(virtual_s, int | float) else last_instant_ns(tables)
