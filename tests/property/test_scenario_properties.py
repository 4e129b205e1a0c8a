"""Whatever a person types, a scenario is valid or refused in one line."""

import json
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.interference.spec import InterferenceSpec
from scenarios.keys import all_keys, all_sections, dotted
from scenarios.load import from_dict, load
from scenarios.problems import Source, lookup
from scenarios.sagin.spec import SaginSpec
from scenarios.toml_lines import line_of
from scenarios.values import shown
from twin.errors import ScenarioError

PARTS = sorted({part for path in all_keys(SaginSpec) for part in path.replace("[]", "").split(".")})
PATHS = sorted({path for path in (*all_keys(SaginSpec), *all_sections(SaginSpec)) if "[]" not in path})
PAIRS_PATHS = sorted({path for path in all_keys(InterferenceSpec) if "[]" not in path})
names = st.sampled_from(PARTS) | st.text(max_size=8)
scalars = (
    st.booleans()
    | st.integers()
    | st.integers(min_value=10**300)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["mrt", "uav", "core:su", "periodic", "x"])
    | st.dates()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
tables = st.dictionaries(names, st.dictionaries(names, values, max_size=4) | values, max_size=4)


def check_line(message: str) -> None:
    assert message
    assert message.isprintable()


def loads_or_refuses(name: str, sets: list[str]) -> None:
    try:
        spec = load(name, sets)
    except ScenarioError as error:
        check_line(str(error))
    else:
        assert from_dict(json.loads(json.dumps(spec.as_dict()))) == spec


@given(tables)
@settings(deadline=None)
def test_any_table_is_a_scenario_or_a_one_line_refusal(data: dict[str, object]) -> None:
    try:
        spec = from_dict(data, "manifest.json")
    except ScenarioError as error:
        check_line(str(error))
    else:
        assert from_dict(spec.as_dict()) == spec


@given(st.sampled_from(PATHS) | st.text(max_size=30), values.map(shown) | st.text(max_size=30), st.booleans())
@settings(deadline=None)
def test_any_setting_is_taken_or_refused_in_one_line(path: str, value: str, equals: bool) -> None:
    loads_or_refuses("sagin", [f"{path}={value}" if equals else path + value])


@given(st.sampled_from(PAIRS_PATHS), values.map(shown))
@settings(deadline=None)
def test_any_setting_of_pairs_is_taken_or_refused_in_one_line(path: str, value: str) -> None:
    loads_or_refuses("interference", [f"{path}={value}"])


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_name_is_a_scenario_or_refused_in_one_line(name: str) -> None:
    loads_or_refuses(name.replace("/", ""), [])


@given(st.binary(max_size=60) | st.text(alphabet="[]{}=\"'\n\\#.,0x1e-+uavsginm _:", max_size=60).map(str.encode))
@settings(deadline=None)
def test_any_file_is_a_scenario_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content)
    loads_or_refuses(str(path), [])


@given(values)
def test_any_value_is_shown_on_one_short_line(value: object) -> None:
    text = shown(value)
    assert len(text) <= 60
    assert text.isprintable()


@given(st.lists(names, min_size=1, max_size=4), st.integers(0, 5), st.sampled_from(['"', "'"]))
def test_the_line_of_a_key_is_where_it_was_written(path: list[str], blank: int, quote: str) -> None:
    parts = [json.dumps(part) for part in path]
    text = "\n" * blank + f"# {quote}\n[" + ".".join(parts) + "]\nx = 1\n"
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return  # JSON writes some characters as pairs of escapes that TOML has no use for
    assert lookup(data, (*path, "x")) == 1
    assert line_of(text, (*path, "x")) == blank + 3
    assert line_of(text, tuple(path)) == blank + 2
    assert Source(data, SaginSpec, "f.toml", text).where((*path, "x")) == f" (f.toml:{blank + 3})"
    assert dotted((*path, "x")).isprintable()


@given(
    st.sampled_from([path for path, key in all_keys(SaginSpec).items() if "number" in key.kind and "[]" not in path]),
    st.floats() | st.integers(),
)
def test_a_number_is_in_its_range_or_refused(path: str, number: float) -> None:
    data: dict[str, object] = {}
    inner = data
    *sections, name = path.split(".")
    for section in sections:
        inner[section] = inner = {}
    inner[name] = number
    try:
        spec = from_dict(data)
    except ScenarioError as error:
        message = str(error)
    else:
        assert lookup(spec.as_dict(), tuple(path.split("."))) == number
        return
    assert any(named in message for named in (path, "metrics.warmup_ms", "must have z below uav.altitude_m"))
