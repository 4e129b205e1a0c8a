"""report.html: one page of one's own per run, that opens anywhere without a network.

Its source is plain JavaScript modules, a style sheet and a template in the folder `page`. They are put into one file
here: the modules in the order of their imports in one module script, and the columns of the run (`payload`) as text. A
function of the run folder only.
"""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from twin.errors import RunFolderError
from twin.journal.folder import RunFolder, write_atomically
from twin.journal.summary import last_instant_ns
from twin.journal.tables import Tables, open_tables
from twin.report.headline import headline
from twin.report.payload import payload

REPORT: Final = "report.html"
ENTRY: Final = "main"

_IMPORT: Final = re.compile(r'^import (\{[^}]*\}) from "\./([a-z]+)\.js";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export ((?:async )?(?:function|const|class)) (\w+)", re.MULTILINE)
_SLOT: Final = re.compile(r"<!--\{(\w+)\}-->")


_SUMMARY_KEYS: Final = {"scenario": str, "seed": int | str, "virtual_s": int | float}
_SUMMARY_TABLES: Final = ("min_secrecy", "loss_attribution", "messages", "age_ms")
"""May be missing or null, but nothing else."""


def write_report(path: Path) -> Path:
    """Write report.html into the run folder at `path`, from its tables; returns the path of the page.

    Raises:
        RunFolderError: no run folder, or a table that is missing, truncated or of another version.
    """
    folder = RunFolder.open(path)
    summary, manifest = folder.read_summary(), folder.read_manifest()
    _require(folder, summary)
    pieces = render(open_tables(folder), manifest, summary)
    report = path / REPORT
    write_atomically(report, lambda temporary: _write(temporary, pieces))
    return report


def _require(folder: RunFolder, summary: dict[str, Any]) -> None:
    """Check that a summary is of a version that this page understands, as far as it cannot do without."""
    recover = f"run: run-twin recover {folder.path}"
    for key, kind in _SUMMARY_KEYS.items():
        if key not in summary:
            raise RunFolderError(f"{folder.summary_path} has no key {key}; {recover}")
        if not isinstance(summary[key], kind):
            raise RunFolderError(f"{folder.summary_path}: {key} is not of this version; {recover}")
    for key in _SUMMARY_TABLES:
        if not isinstance(summary.get(key), dict | None):
            raise RunFolderError(f"{folder.summary_path}: {key} is not of this version; {recover}")


def render(tables: Tables, manifest: dict[str, Any], summary: dict[str, Any]) -> list[str]:
    """The page as text, in pieces: joined they would take several times the memory."""
    end_ns = max(round(summary["virtual_s"] * 1e9), last_instant_ns(tables))
    header, data = payload(tables, manifest, summary, end_ns)
    header["headline"] = headline(summary)
    parts = {
        "title": _escaped(f"{summary['scenario']}, seed {summary['seed']}"),
        "style": _source("page.css"),
        "header": json_in_html(header),
        "data": data,
        "script": script(),
    }
    # What is split off by a pattern with a group alternates between text and the names of slots.
    return [parts[piece] if place % 2 else piece for place, piece in enumerate(_SLOT.split(_source("page.html")))]


def script() -> str:
    """The modules of the page as one: each is a function of its own scope, called once, after those that it imports."""
    return "\n".join(map(_wrapped, _in_order(ENTRY)))


def _wrapped(name: str) -> str:
    source = _source(f"{name}.js")
    names = ", ".join(found for _, found in _EXPORT.findall(source))
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(r"const \1 = \2_js;", source))
    return f"const {name}_js = (() => {{\n{body}\nreturn {{ {names} }};\n}})();"


def _in_order(entry: str) -> list[str]:
    """The module `entry` after all that it imports, each once."""
    order: list[str] = []
    visited: set[str] = set()

    def visit(name: str) -> None:
        if name not in visited:
            visited.add(name)
            for _, needed in _IMPORT.findall(_source(f"{name}.js")):
                visit(needed)
            order.append(name)

    visit(entry)
    return order


def json_in_html(value: object) -> str:
    """JSON that may stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _source(name: str) -> str:
    return (files("twin.report") / "page" / name).read_text(encoding="utf-8")


def _write(path: Path, pieces: list[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(pieces)
