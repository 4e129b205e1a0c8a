"""The file that `satellite.tle` names becomes `satellite.elements`, so that a scenario needs no file from there on."""

from pathlib import Path
from typing import Final

from entities.mobility.elements import Elements
from scenarios.problems import S, Source, lookup
from scenarios.values import shown
from twin.errors import ScenarioError

MAX_TLE_BYTES: Final = 64 * 1024


def read_tle(source: Source[S], folder: Path) -> None:
    """Put the elements in the file of `satellite.tle`, if a scenario names one, into the scenario.

    Args:
        source: the scenario's values; changed.
        folder: of the scenario's file. A relative path is sought there, and then in the working folder.

    Raises:
        ScenarioError: no such file, not one two-line element set, or elements are given as well.
    """
    name = lookup(source.data, ("satellite", "tle"))
    if not isinstance(name, str) or not name:
        return
    said = f"satellite.tle = {shown(name)}"
    where = source.where(("satellite", "tle"))
    if lookup(source.data, ("satellite", "elements")) is not None:
        raise ScenarioError(f"{said}: must be left out beside satellite.elements{where}")
    try:
        elements = Elements.parse(_text(name, folder))
    except ScenarioError as error:
        raise ScenarioError(f"{said}: {error}{where}") from None
    source.data["satellite"] = {**source.data["satellite"], "elements": elements.text}


def _text(name: str, folder: Path) -> str:
    try:
        beside = folder / name
        with (beside if beside.exists() else Path(name)).open("rb") as file:
            raw = file.read(MAX_TLE_BYTES + 1)
    except FileNotFoundError:
        raise ScenarioError("no such file") from None
    except IsADirectoryError:
        raise ScenarioError("is a directory, must be a file with a two-line element set") from None
    except OSError as error:
        raise ScenarioError(f"cannot be read ({error.strerror})") from None
    except ValueError:  # a NUL byte in the path
        raise ScenarioError("is not a path") from None
    if len(raw) > MAX_TLE_BYTES:
        raise ScenarioError(f"is too large, must be at most {MAX_TLE_BYTES} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"byte {error.start} is not UTF-8, must be a two-line element set") from None
