"""docs/scenario-keys.md lists exactly the keys that there are, with their units, defaults and ranges."""

import re
import tomllib
from pathlib import Path

import pytest

from scenarios.keys import Key, all_keys
from scenarios.spec import Spec
from scenarios.systems import spec_class, system_names

PAGE = Path(__file__).parents[3] / "docs" / "scenario-keys.md"


SYSTEMS = {name: spec_class(name) for name in system_names()}
ALL = "all systems"


def parts() -> dict[str, dict[str, list[str]]]:
    """The rows of the page by key, of all systems and of each."""
    tables: dict[str, dict[str, list[str]]] = {ALL: {}}
    part = ALL
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"# System (\w+)", line):
            part = match[1]
            tables[part] = {}
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        if match := re.fullmatch(r"`([a-z0-9_.\[\]]+)`", cells[0]):
            assert match[1] not in tables[part]
            tables[part][match[1]] = cells[1:]
    return tables


def own(name: str) -> list[Key]:
    """The keys that a system does not share with all others, in its order."""
    shared = all_keys(Spec)
    return [key for key in all_keys(SYSTEMS[name]).values() if shared.get(key.path) != key]


KEYS = {ALL: list(all_keys(Spec).values()), **{name: own(name) for name in SYSTEMS}}


def as_lists(value: object) -> object:
    return [as_lists(item) for item in value] if isinstance(value, tuple) else value


def flat(value: object) -> list[object]:
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]


def test_the_page_lists_exactly_the_keys_in_their_order() -> None:
    found = {part: list(table) for part, table in parts().items()}
    assert found == {part: [key.path for key in keys] for part, keys in KEYS.items()}


@pytest.mark.parametrize(
    ("part", "key"), [(part, key) for part, keys in KEYS.items() for key in keys], ids=lambda item: str(item)[:60]
)
def test_unit_default_range_and_meaning_of_a_key(part: str, key: Key) -> None:
    unit, allowed, default, meaning = parts()[part][key.path]
    assert unit == (key.unit or "-")
    assert meaning == key.meaning
    if key.default is None:
        assert default == "required"
    else:
        written = tomllib.loads(f"value = {default.strip('`')}")["value"]
        expected = as_lists(key.default)
        assert str(type(written)) == str(type(expected)) or isinstance(expected, float)
        assert flat(written) == [
            pytest.approx(leaf, abs=1e-4) if isinstance(leaf, float) else leaf for leaf in flat(expected)
        ]
    if "number" in key.kind:
        plain = key.allowed.removesuffix(f" {key.unit}") if key.unit else key.allowed
        assert allowed.removesuffix(", whole") == plain
        assert allowed.endswith(", whole") == (key.kind == "a whole number")
    for choice in re.findall(r'"(\w+)"', key.allowed):
        assert f'`"{choice}"`' in allowed
