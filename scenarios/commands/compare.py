"""`compare`: two run folders, or two folders of one study, and what differs between them."""

import json
import sys
from pathlib import Path
from typing import Any

from twin.errors import RunFolderError, UsageError
from twin.journal.folder import JOURNAL, MANIFEST


def compare(a: Path, b: Path, *, as_json: bool) -> int:
    """Compare two folders and write what differs."""
    manifests = _manifest(a), _manifest(b)
    kinds = [_kind(folder, manifest) for folder, manifest in zip((a, b), manifests, strict=True)]
    if kinds[0] != kinds[1]:
        raise UsageError(f"compare: {a} is {kinds[0]}, {b} is {kinds[1]}: must be two of one kind")
    if kinds[0] == "a run":
        from scenarios.compare_runs import compare_runs

        found = compare_runs((a, b), manifests)
    else:
        from scenarios.compare_studies import compare_studies

        found = compare_studies((a, b), manifests)
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2, allow_nan=False) + "\n")
    else:
        from scenarios.compare_view import show_comparison

        show_comparison(found)
    return 0


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not folder.is_dir():
        raise RunFolderError(f"{folder}: is not a directory: must be a run folder or a study's")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if (folder / JOURNAL).exists():
            raise RunFolderError(f"{path} is missing; run: run-twin recover {folder}") from None
        raise RunFolderError(f"{folder}: holds no {MANIFEST}: must be a run folder or a study's") from None
    except OSError as error:
        raise RunFolderError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise RunFolderError(f"{path}: is not JSON: must be that of a run or of a study") from None
    return content if isinstance(content, dict) else {}


def _kind(folder: Path, manifest: dict[str, Any]) -> str:
    if isinstance(manifest.get("study"), str):
        return "a study"
    if isinstance(manifest.get("scenario"), dict):
        return "a run"
    raise RunFolderError(f"{folder / MANIFEST}: names no scenario and no study: must be that of a run or of a study")
