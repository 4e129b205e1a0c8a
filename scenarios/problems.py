"""What pydantic says about a scenario, in one line: what, which value, what is allowed, where."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from scenarios.cross_field import CROSS_FIELD
from scenarios.keys import Model, Path, all_keys, dotted, key_at, nearest, neighbours, plain
from scenarios.toml_lines import line_of
from scenarios.values import shown
from twin.errors import ScenarioError

_DEEPEST = 8
_NOT_A_SECTION = "must be a section (table)"
_TAGS = frozenset({"union_tag_invalid", "union_tag_not_found"})  # a table of no kind, or of an unknown one


S = TypeVar("S", bound=BaseModel)


@dataclass
class Source(Generic[S]):
    """Where a scenario's values come from: a file's text, and settings from the command line on top of it.

    `spec` is the class of the scenario, which says what keys there are.
    """

    data: dict[str, Any]
    spec: type[S]
    label: str = ""
    text: str = ""
    settings: list[tuple[Path, str]] = field(default_factory=list)

    def where(self, path: Path) -> str:
        """` (my.toml:14)`, ` (--set)`, or nothing for a value that is a default."""
        for set_path, label in reversed(self.settings):
            shared = min(len(path), len(set_path))
            if path[:shared] == set_path[:shared]:
                return f" ({label})"
        if lookup(self.data, path[:1]) is None or not self.label:
            return ""
        line = line_of(self.text, path)
        return f" ({self.label}:{line})" if line else f" ({self.label})"


def lookup(data: Any, path: Path) -> Any:  # noqa: ANN401 - whatever TOML holds there
    """The value at a path, or None."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def first_problem(error: ValidationError, source: Source[S]) -> ScenarioError:
    """The first thing that is wrong with a scenario, as a person wants to read it."""
    details = error.errors(include_url=False)
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return ScenarioError(_sentence(details[0], source) + more)


def unknown_key(spec: Model, path: Path, where: str) -> ScenarioError:
    """The error for a path that no scenario has, with the one that was probably meant."""
    meant = nearest(spec, path)
    hint = f"did you mean {meant}?" if meant else neighbours(spec, path)
    return ScenarioError(f"{dotted(path)}: unknown key; {hint}{where}")


def disallowed(path: Path, value: object, allowed: str, source: Source[S]) -> str:
    """The sentence about a value that is wrong beside others: what, which value, what is allowed, where."""
    return f"{dotted(path)} = {shown(value)}: {allowed}{source.where(path)}"


def not_a_section(path: Path, value: object, where: str) -> ScenarioError:
    """The error for a plain value where a section has to be."""
    return ScenarioError(f"{dotted(path)} = {shown(value)}: {_NOT_A_SECTION}{where}")


def _sentence(detail: ErrorDetails, source: Source[S]) -> str:
    path = _untagged(detail["loc"], source.data)
    context = detail.get("ctx", {})
    if detail["type"] == CROSS_FIELD:
        return disallowed(context["path"], context["value"], context["allowed"], source)
    if detail["type"] in _TAGS:
        path = (*path, context["discriminator"].strip("'"))
    if detail["type"] == "extra_forbidden":
        path = _to_leaf(path, detail["input"])
        if plain(path) in all_keys(source.spec):  # of a table of another kind
            kind = lookup(source.data, (*path[:-1], "kind"))
            return f"{dotted(path)}: {kind} has no such key{source.where(path)}"
        return str(unknown_key(source.spec, path, source.where(path)))
    known = key_at(source.spec, path)
    if known is None:
        return str(not_a_section(path, detail["input"], source.where(path)))
    if detail["type"] in {"missing", "union_tag_not_found"} and known[0] == path:
        return f"{dotted(path)}: missing, must be {known[1].allowed}{source.where(path)}"
    path, key = known
    of_kind = f"{key.kind}, " if detail["type"] in {"float_type", "int_type"} and "number" in key.kind else ""
    value = shown(lookup(source.data, path))
    return f"{dotted(path)} = {value}: must be {of_kind}{key.allowed}{source.where(path)}"


def _untagged(path: Path, data: object) -> Path:
    """A path in the data. Where a list has tables of several kinds, pydantic names the kind after the index."""
    found: list[str | int] = []
    for part in path:
        if found and isinstance(found[-1], int) and part == lookup(data, ("kind",)) and lookup(data, (part,)) is None:
            continue
        found.append(part)
        data = lookup(data, (part,))
    return tuple(found)


def _to_leaf(path: Path, value: object) -> Path:
    """An unknown section is named with its first key, so that a whole path is compared with known ones."""
    while isinstance(value, Mapping) and value and len(path) < _DEEPEST:
        name = next(iter(value))
        path, value = (*path, str(name)), value[name]
    return path
