"""docs/scenario-keys.md lists exactly the keys that there are, with their units, defaults and ranges."""

import re
import tomllib
from pathlib import Path

import pytest

from scenarios.keys import Key, all_keys

PAGE = Path(__file__).parents[3] / "docs" / "scenario-keys.md"


def rows() -> dict[str, list[str]]:
    table = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        if match := re.fullmatch(r"`([a-z_.\[\]]+)`", cells[0]):
            assert match[1] not in table
            table[match[1]] = cells[1:]
    return table


def as_lists(value: object) -> object:
    return [as_lists(item) for item in value] if isinstance(value, tuple) else value


def flat(value: object) -> list[object]:
    return [leaf for item in value for leaf in flat(item)] if isinstance(value, list) else [value]


def test_the_page_lists_exactly_the_keys_in_their_order() -> None:
    assert list(rows()) == list(all_keys())


@pytest.mark.parametrize("key", all_keys().values(), ids=lambda key: key.path)
def test_unit_default_range_and_meaning_of_a_key(key: Key) -> None:
    unit, allowed, default, meaning = rows()[key.path]
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
