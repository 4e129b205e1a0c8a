"""From a built-in name or a TOML file, and `--set path=value`, to a `Spec`; it raises ScenarioError only."""

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from scenarios.keys import all_keys, all_sections
from scenarios.problems import Source, disallowed, first_problem, lookup, not_a_section, unknown_key
from scenarios.spec import Spec
from scenarios.systems import spec_class, system_names, system_of
from scenarios.values import shortened, shown
from twin.errors import ScenarioError

MAX_FILE_BYTES = 256 * 1024
DEFAULT_SCENARIO = "sagin"
DEFAULT_SYSTEM = "sagin"
SYSTEM_KEY = ("scenario", "system")

_DEEPEST = 8


def load(name_or_path: str, sets: Iterable[str] = (), *, duration: float | None = None) -> Spec:
    """The scenario of that built-in name or file, with settings on top.

    Args:
        name_or_path: a built-in name, or a path (it ends with .toml or contains a separator).
        sets: settings `path=value`, the later ones winning; a value is TOML, or else text.
        duration: virtual duration in s that replaces `scenario.duration_s`.
    """
    source = _from_file(name_or_path) if _is_path(name_or_path) else _from_builtin(name_or_path)
    for setting in sets:
        path, value = _setting(source, setting)
        _apply(source, path, value, "--set")
        if path == SYSTEM_KEY:
            source.spec = _class_of(source)
    if duration is not None:
        _apply(source, ("scenario", "duration_s"), duration, "--duration")
    source.spec.read_files(source, Path(name_or_path).parent)
    return _validated(source)


def from_dict(data: Mapping[str, Any], label: str = "") -> Spec:
    """The scenario that `Spec.as_dict` wrote, from a manifest named `label`."""
    return _validated(_source(dict(data), label))


def builtin_names() -> tuple[str, ...]:
    """The names of the built-in scenarios."""
    files = (Path(item.name) for item in resources.files("scenarios").iterdir())
    return tuple(sorted(file.stem for file in files if file.suffix == ".toml"))


def builtin_text(name: str) -> str:
    """The TOML text of a built-in scenario."""
    return resources.files("scenarios").joinpath(f"{name}.toml").read_text(encoding="utf-8")


def _source(data: dict[str, Any], label: str, text: str = "") -> Source[Spec]:
    source = Source(data, spec_class(DEFAULT_SYSTEM), label, text)
    source.spec = _class_of(source)
    return source


def _class_of(source: Source[Spec]) -> type[Spec]:
    """The class of the scenario that `scenario.system` names; that of the default system where it names none."""
    name = lookup(source.data, SYSTEM_KEY)
    if name is None:
        return spec_class(DEFAULT_SYSTEM)
    if not isinstance(name, str) or name not in system_names():
        allowed = "must be " + " or ".join(f'"{known}"' for known in system_names())
        raise ScenarioError(disallowed(SYSTEM_KEY, name, allowed, source))
    return spec_class(name)


def _validated(source: Source[Spec]) -> Spec:
    try:
        spec = source.spec.model_validate(source.data)
    except ValidationError as error:
        raise first_problem(error, source) from None
    if spec.network.outage:  # without, everybody has a way; and the graph is not loaded to find out
        from scenarios import outages

        if (found := outages.problem(system_of(spec))) is not None:
            raise ScenarioError(disallowed(*found, source))
    if spec.fault:
        from scenarios import faults

        if (found := faults.problem(spec.fault, system_of(spec).graph())) is not None:
            raise ScenarioError(disallowed(*found, source))
    return spec


def _is_path(name_or_path: str) -> bool:
    return name_or_path.endswith(".toml") or "/" in name_or_path or "\\" in name_or_path


def _from_builtin(name: str) -> Source[Spec]:
    names = builtin_names()
    if name not in names:
        near = difflib.get_close_matches(name[:100], names, n=1)
        hint = f"unknown; did you mean {near[0]}?" if near else "unknown"
        raise ScenarioError(f"scenario = {shown(name)}: {hint} (known: {', '.join(names)}, or a .toml file)")
    text = builtin_text(name)
    return _source(_parsed(text, f"{name}.toml"), f"{name}.toml", text)


def _from_file(path: str) -> Source[Spec]:
    label = shortened(path)
    text = _read(path, label)
    data = _parsed(text, label)
    name = re.sub(r"[^a-z0-9_-]+", "-", Path(path).stem.lower()).strip("-_")[:64]
    if isinstance(data.setdefault("scenario", {}), dict) and name:
        data["scenario"].setdefault("name", name)
    return _source(data, label, text)


def _read(path: str, label: str) -> str:
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise ScenarioError(f"{label}: no such file") from None
    except IsADirectoryError:
        raise ScenarioError(f"{label}: is a directory, must be a TOML file") from None
    except OSError as error:
        raise ScenarioError(f"{label}: cannot be read ({error.strerror})") from None
    except ValueError:  # a NUL byte in the path
        raise ScenarioError(f"{label}: is not a path") from None
    if len(raw) > MAX_FILE_BYTES:
        raise ScenarioError(f"{label}: is too large, must be at most {MAX_FILE_BYTES} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{label}: byte {error.start} is not UTF-8, must be a TOML file") from None


def _parsed(text: str, label: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ScenarioError(f"{label}: brackets are nested too deeply") from None
    except ValueError as error:
        message, _, place = str(error).partition(" (at ")
        line = re.match(r"line (\d+), column (\d+)", place)
        where = f"{label}:{line[1]}" if line else label
        at = f" (column {line[2]})" if line else (" (at " + place if place else "")
        raise ScenarioError(f"{where}: not valid TOML: {shortened(message)}{at}") from None


def _setting(source: Source[Spec], text: str) -> tuple[tuple[str, ...], Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ScenarioError(f"--set {shortened(text)}: must be path=value, as in --set uav.altitude_m=200")
    path = tuple(part.strip() for part in name.split("."))
    if ".".join(path) not in {*all_keys(source.spec), *all_sections(source.spec)}:
        raise unknown_key(source.spec, path, " (--set)")
    return path, _toml_value(value)


def _toml_value(text: str) -> Any:  # noqa: ANN401 - whatever TOML holds
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text.strip()
    return parsed["value"] if parsed.keys() == {"value"} else text.strip()


def _apply(source: Source[Spec], path: tuple[str, ...], value: object, label: str) -> None:
    """Put a value at a path; a table is merged into the section that is there."""
    table = source.data
    for depth, part in enumerate(path[:-1], 1):
        table = table.setdefault(part, {})
        if not isinstance(table, dict):
            raise not_a_section(path[:depth], table, source.where(path[:depth]))
    if isinstance(value, dict) and isinstance(table.get(path[-1]), dict) and len(path) < _DEEPEST:
        for key, item in value.items():
            _apply(source, (*path, key), item, label)
        return
    table[path[-1]] = value
    source.settings.append((path, label))
