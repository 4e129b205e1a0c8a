"""Every key of a scenario by its full path, with unit, range and meaning: read off the models of a `Spec`."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from scenarios.spec_base import Latitude
from scenarios.values import shown

Path = tuple[str | int, ...]
Model = type[BaseModel]

# Longest first: "_rad_s" before "_s", "_ms" before "_s".
_UNITS = {
    "_rad_s": "rad/s",
    "_mbps": "Mbit/s",
    "_mps2": "m/s2",
    "_mps": "m/s",
    "_ppm": "ppm",
    "_dbm": "dBm",
    "_ghz": "GHz",
    "_mhz": "MHz",
    "_deg": "deg",
    "_rad": "rad",
    "_db": "dB",
    "_hz": "Hz",
    "_km": "km",
    "_m2": "m2",
    "_ms": "ms",
    "_us": "us",
    "_m": "m",
    "_s": "s",
    "_w": "W",
}
_SIMILAR = 0.6


@dataclass(frozen=True)
class Key:
    """One key: path, unit ("" for none), kind of value, what is allowed, default and meaning."""

    path: str
    unit: str
    kind: str
    allowed: str
    default: Any
    meaning: str


def dotted(path: Path) -> str:
    """The path as a person writes it: `users.extra[0].name`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", part) else shown(part)
            text += f".{name}" if text else name
    return text


def unit_of(path: Path) -> str:
    """The unit at the end of a key's name, or of the nearest section's name that has one; "" if none has."""
    for part in reversed([part for part in path if isinstance(part, str)]):
        for suffix, unit in _UNITS.items():
            if part.endswith(suffix):
                return unit
    return ""


@cache
def all_keys(spec: Model) -> dict[str, Key]:
    """Every key of a scenario of that class by its path, in the models' order; `users.extra[]` stands for its items."""
    return {key.path: key for key in _walk(spec, ())}


@cache
def all_sections(spec: Model) -> tuple[str, ...]:
    """The paths of all sections (tables)."""
    parts = [path.split(".") for path in all_keys(spec) if "[]" not in path]
    return tuple(dict.fromkeys(".".join(path[:length]) for path in parts for length in range(1, len(path))))


def nearest(spec: Model, path: Path) -> str | None:
    """The known path that a person most likely meant, or None when nothing is near."""
    wanted = dotted(tuple(part for part in path if isinstance(part, str)))
    known = {key.replace("[]", ""): key for key in (*all_keys(spec), *all_sections(spec))}
    known = {bare: key for bare, key in known.items() if not f"{wanted}.".startswith(f"{bare}.")}
    found = difflib.get_close_matches(wanted[:200], known, n=1, cutoff=_SIMILAR)
    if not found:
        return None
    index = next((f"[{part}]" for part in path if isinstance(part, int)), "[0]")
    return known[found[0]].replace("[]", index)


def neighbours(spec: Model, path: Path) -> str:
    """What there is beside an unknown key: the keys of the innermost known section, or the sections."""
    for length in range(len(path) - 1, 0, -1):
        section = plain(path[:length])
        inside = [key.removeprefix(f"{section}.") for key in all_keys(spec) if key.startswith(f"{section}.")]
        if inside:
            return f"the keys of {section} are {', '.join(inside)}"
    top = [name for name in (*all_sections(spec), *all_keys(spec)) if "." not in name]
    return "the sections are " + ", ".join(top)


def plain(path: Path) -> str:
    """The path with every index left out: `users.extra[].name`, as `all_keys` has it."""
    return re.sub(r"\[\d+\]", "[]", dotted(path))


def key_at(spec: Model, path: Path) -> tuple[Path, Key] | None:
    """The known key that a path is or lies inside of, with the key's own path; None when there is none."""
    for length in range(len(path), 0, -1):
        key = all_keys(spec).get(plain(path[:length]))
        if key is not None:
            return path[:length], key
    return None


def _walk(model: Model, prefix: tuple[str, ...]) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        path = (*prefix, name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _walk(field.annotation, path)
            continue
        default = None if field.is_required() else field.get_default()
        unit = unit_of(path)
        kind, allowed = _rule(field, f" {unit}" if unit else "")
        yield Key(".".join(path), unit, kind, allowed, default, field.description or "")
        yield from _merged(_item_sections(field), (*prefix, f"{name}[]"))


def _merged(models: tuple[Model, ...], prefix: tuple[str, ...]) -> Iterator[Key]:
    """The keys of tables of which there are several kinds: a key that several have is one, required if any needs it."""
    found: dict[str, list[Key]] = {}
    for model in models:
        for key in _walk(model, prefix):
            found.setdefault(key.path, []).append(key)
    for keys in found.values():
        choices = list(dict.fromkeys(key.allowed for key in keys))
        default = None if any(key.default is None for key in keys) else keys[0].default
        yield replace(keys[0], allowed=_either(choices), default=default)


def _item_sections(field: FieldInfo) -> tuple[Model, ...]:
    """The sections that the items of a list of tables are, one for each kind of them; () for any other field."""
    inner = (get_args(field.annotation) or (None,))[0]
    inner = get_args(inner)[0] if get_origin(inner) is Annotated else inner
    kinds = get_args(inner) if get_origin(inner) is UnionType else (inner,)
    return tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))


def _rule(field: FieldInfo, suffix: str) -> tuple[str, str]:
    """What kind of value a field takes, and which ones."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return "text", _either([f'"{choice}"' for choice in get_args(kind)])
    if get_origin(kind) is tuple:
        return "a list", _list_rule(field, suffix)
    if kind is str:
        return "text", _text_rule(field)
    return "a whole number" if kind is int else "a number", f"{_bounds(field.metadata)}{suffix}"


def _text_rule(field: FieldInfo) -> str:
    patterns = [item.pattern for item in field.metadata if getattr(item, "pattern", None)]
    return f"text that matches {patterns[0]}" if patterns else "text"


def _list_rule(field: FieldInfo, suffix: str) -> str:
    inner = get_args(field.annotation)
    limits: dict[type, Any] = {type(item): item for item in field.metadata}
    if items := _item_sections(field):
        shared = [name for name in items[0].model_fields if all(name in item.model_fields for item in items)]
        names = ", ".join(shared[:-1]) + f" and {shared[-1]}" + (", and what each kind has" if len(items) > 1 else "")
        return f"a list of at most {limits[MaxLen].max_length} tables with {names}"
    if inner[0] is str:
        return f"a list of {limits[MinLen].min_length} to {limits[MaxLen].max_length} names"
    if get_origin(inner[0]) is Literal:
        return "a list of " + _either([f'"{choice}"' for choice in get_args(inner[0])])
    if Ellipsis in inner:
        counts = f"{limits[MinLen].min_length} to {limits[MaxLen].max_length}"
        return f"a list of {counts} points {_point_rule(get_args(get_args(inner[0])[0]), suffix)}"
    return _point_rule(inner, suffix)


def _point_rule(axes: tuple[Any, ...], suffix: str) -> str:
    if axes[0] is Latitude:
        return f"[latitude {_bounds_of(axes[0])}, longitude {_bounds_of(axes[1])}]{suffix}"
    names = "xyz"[: len(axes)]
    height = f", z {_bounds_of(axes[2])}" if len(axes) > 2 else ""
    return f"[{', '.join(names)}] with x and y {_bounds_of(axes[0])}{height}{suffix}"


def _bounds_of(annotated: Any) -> str:  # noqa: ANN401 - the item type of a tuple, as typing hands it out
    info = next(item for item in get_args(annotated) if isinstance(item, FieldInfo))
    return _bounds(info.metadata)


def _bounds(metadata: list[Any]) -> str:
    low = next(item.ge for item in metadata if isinstance(item, Ge))
    below = [item.lt for item in metadata if isinstance(item, Lt)]
    if below:
        return f"at least {low:.15g} and below {below[0]:.15g}"
    high = next(item.le for item in metadata if isinstance(item, Le))
    return f"{low:.15g} to {high:.15g}"


def _either(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else ", ".join(choices[:-1]) + " or " + choices[-1]
