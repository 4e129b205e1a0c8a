"""Scenario files and --set: what is read, and the one line that a person gets when it cannot be."""

from pathlib import Path

import pytest

from scenarios.load import MAX_FILE_BYTES, builtin_names, builtin_text, from_dict, load
from scenarios.sagin.spec import SaginSpec
from twin.errors import ScenarioError


def refusal(name: str, *sets: str, duration: float | None = None) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(name, sets, duration=duration)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def write_file(text: str | bytes, name: str = "my.toml") -> str:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return name

    return write_file


def test_the_default_scenario_spells_out_the_defaults() -> None:
    assert load("sagin") == SaginSpec()
    assert "sagin" in builtin_names()
    assert builtin_text("sagin").startswith("# ")


def test_a_file_changes_what_it_names_and_takes_its_name(write) -> None:
    spec = load(write("[uav]\naltitude_m = 250\n", "My Town (2).toml"))
    assert spec.scenario.name == "my-town-2"
    assert spec.uav.altitude_m == 250.0
    assert spec.model_copy(update={"uav": SaginSpec().uav, "scenario": SaginSpec().scenario}) == SaginSpec()


def test_a_file_with_a_mark_and_foreign_line_ends_is_read(write) -> None:
    assert load(write(b"\xef\xbb\xbf[uav]\r\naltitude_m = 250\r\n")).uav.altitude_m == 250.0


def test_settings_win_over_the_file_and_later_ones_over_earlier_ones(write) -> None:
    name = write("[uav]\naltitude_m = 250\nspeed_mps = 3\n")
    spec = load(name, ["uav.altitude_m=300", " uav.altitude_m = 400 ", "twin.trigger=every"])
    assert (spec.uav.altitude_m, spec.uav.speed_mps, spec.twin.trigger) == (400.0, 3.0, "every")


def test_a_setting_is_toml_or_else_text() -> None:
    spec = load("sagin", ["uav.waypoints_m=[[1, 2], [3.5, 4]]", 'twin.solver="mrt"', "twin.trigger=periodic"])
    assert spec.uav.waypoints_m == ((1.0, 2.0), (3.5, 4.0))
    assert (spec.twin.solver, spec.twin.trigger) == ("mrt", "periodic")


def test_a_setting_of_a_section_is_merged_into_it() -> None:
    spec = load("sagin", ["network.backhaul={loss = 0.5}", "network={radio.loss = 0.25}"])
    assert spec.network.backhaul.loss == 0.5
    assert spec.network.radio.loss == 0.25
    assert spec.network.backhaul.latency_ms == 2.0


def test_a_value_cannot_smuggle_in_another_key() -> None:
    message = refusal("sagin", "uav.speed_mps=1\n[radio]\nnoise_dbm=-1")
    assert message.startswith('uav.speed_mps = "1?[radio]?noise_dbm=-1": must be a number, 0 to 100 m/s (--set)')


def test_duration_replaces_the_files() -> None:
    assert load("sagin", ["scenario.duration_s=3"], duration=1.5).scenario.duration_s == 1.5
    assert refusal("sagin", duration=0.0) == "scenario.duration_s = 0: must be 0.01 to 3600 s (--duration)"
    assert refusal("sagin", duration=float("nan")) == ("scenario.duration_s = nan: must be 0.01 to 3600 s (--duration)")


def test_an_unknown_key_gets_the_nearest_known_one(write) -> None:
    meant = "network.backhual.latency_ms: unknown key; did you mean network.backhaul.latency_ms?"
    name = write("[uav]\naltitude_m = 50\n\n[network.backhual]\nlatency_ms = 3\n")
    assert refusal(name) == f"{meant} (my.toml:5)"
    assert refusal("sagin", "network.backhual.latency_ms=3") == f"{meant} (--set)"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("uav.altitude", "uav.altitude_m"),
        ("uva.altitude_m", "uav.altitude_m"),
        ("noise_dbm", "radio.noise_dbm"),
        ("twin.cost_us.handel", "twin.cost_us.handle"),
        ("user.speed_mps", "users.speed_mps"),
        ("network.core", None),
    ],
)
def test_near_misses(wrong: str, right: str | None) -> None:
    message = refusal("sagin", f"{wrong}=-1000000")
    if right is None:
        assert message == "network.core = -1000000: must be a section (table) (--set)"
    else:
        assert message == f"{wrong}: unknown key; did you mean {right}? (--set)"


def test_an_unknown_key_near_nothing_gets_what_there_is() -> None:
    assert refusal("sagin", "qqq.zzz=1").startswith("qqq.zzz: unknown key; the sections are scenario, report,")
    assert refusal("sagin", "uav={zzzzzzzzzzzzzzzzz.q=1}") == (
        "uav.zzzzzzzzzzzzzzzzz.q: unknown key; the keys of uav are antennas, power_dbm, altitude_m, speed_mps, "
        "angular_spread, rician_k_db, waypoints_m (--set)"
    )
    assert "(--set)" in refusal("sagin", "users.extra=[{name='a', position_m=[0,0,0], colour=1}]")


def test_range_unit_and_line(write) -> None:
    name = write("[uav]\nspeed_mps = 2\naltitude_m = -50\n")
    assert refusal(name) == "uav.altitude_m = -50: must be 10 to 10000 m (my.toml:3)"
    assert refusal(name, "uav.altitude_m=-60") == "uav.altitude_m = -60: must be 10 to 10000 m (--set)"
    assert refusal(name, "uav.speed_mps=1") == "uav.altitude_m = -50: must be 10 to 10000 m (my.toml:3)"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("satellite.antennas=0", "satellite.antennas = 0: must be 1 to 64"),
        ("satellite.antennas=65", "satellite.antennas = 65: must be 1 to 64"),
        ("satellite.antennas=1.5", "satellite.antennas = 1.5: must be a whole number, 1 to 64"),
        ("satellite.antennas=true", "satellite.antennas = true: must be a whole number, 1 to 64"),
        ("uav.altitude_m='100'", 'uav.altitude_m = "100": must be a number, 10 to 10000 m'),
        ("uav.altitude_m=nan", "uav.altitude_m = nan: must be 10 to 10000 m"),
        ("uav.altitude_m=-inf", "uav.altitude_m = -inf: must be 10 to 10000 m"),
        ("eavesdropper.csi_error=1", "eavesdropper.csi_error = 1: must be at least 0 and below 1"),
        (
            "twin.solver=quick",
            'twin.solver = "quick": must be "fast", "reference", "mrt", "zf_eve", "zf_all" or "local"',
        ),
        ("twin.predictor=kalman", 'twin.predictor = "kalman": must be "none", "one_tap" or "wiener"'),
        ("twin.taps=0", "twin.taps = 0: must be 1 to 16"),
        ("report.period_ms=1979-05-27", "report.period_ms = 1979-05-27: must be a number, 0.1 to 1000 ms"),
        ("twin.cost_us.handle=0", "twin.cost_us.handle = 0: must be 1 to 60000000 us"),
        ("network.core.loss=1.2", "network.core.loss = 1.2: must be 0 to 1"),
        ("network=3", "network = 3: must be a section (table)"),
        (
            "metrics.warmup_ms=10000",
            "metrics.warmup_ms = 10000: must be less than scenario.duration_s, 10000 ms",
        ),
        (
            "twin.coordinator=edge:nobody",
            'twin.coordinator = "edge:nobody": must be edge:X or core:X with X an entity of the scenario (satellite, uav, base_station, su, au, gu, eavesdropper)',
        ),
        (
            "users.extra=[3]",
            "users.extra = [3]: must be a list of at most 1000 tables with name, position_m and serving",
        ),
        (
            "users.extra=[{name='a'}]",
            "users.extra[0].position_m: missing, must be [x, y, z] with x and y -100000 to 100000, z 0 to 5000 m",
        ),
        (
            "uav.waypoints_m=[]",
            "uav.waypoints_m = []: must be a list of 1 to 10000 points [x, y] with x and y -100000 to 100000 m",
        ),
        (
            "base_station.position_m=[1,2]",
            "base_station.position_m = [1, 2]: must be [x, y, z] with x and y -100000 to 100000, z 0 to 5000 m",
        ),
    ],
)
def test_what_which_value_what_is_allowed(setting: str, expected: str) -> None:
    assert refusal("sagin", setting) == f"{expected} (--set)"


def test_further_problems_are_counted() -> None:
    message = refusal("sagin", "uav.altitude_m=1", "uav.speed_mps=-1", "radio.noise_dbm=9")
    assert message == "radio.noise_dbm = 9: must be -200 to 0 dBm (--set) (and 2 more)"


def test_a_default_that_a_setting_made_wrong_has_no_place() -> None:
    message = refusal("sagin", duration=0.1)
    assert message.startswith("metrics.warmup_ms = 200: must be less than scenario.duration_s, 100 ms (sagin.toml:")
    assert refusal("./no/../such.toml") == "./no/../such.toml: no such file"


def test_a_plain_value_where_a_section_has_to_be(write) -> None:
    name = write("uav = 3\n")
    assert refusal(name) == "uav = 3: must be a section (table) (my.toml:1)"
    assert refusal(name, "uav.altitude_m=100") == "uav = 3: must be a section (table) (my.toml:1)"
    assert refusal(write("scenario = 1\n")) == "scenario = 1: must be a section (table) (my.toml:1)"


@pytest.mark.parametrize("setting", ["uav.altitude_m", "", "=3", " =3"])
def test_a_setting_needs_a_path_and_a_value(setting: str) -> None:
    assert refusal("sagin", setting).endswith("must be path=value, as in --set uav.altitude_m=200")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[uav]\naltitude_m = \n", "my.toml:2: not valid TOML: Invalid value (column 14)"),
        ("[uav]\n[uav]\n", "my.toml:2: not valid TOML: Cannot declare ('uav',) twice (column 5)"),
        ("x = [1,\n", "my.toml: not valid TOML: Invalid value (at end of document)"),
        (b"x = '\xff'\n", "my.toml: byte 5 is not UTF-8, must be a TOML file"),
        ("x = " + "[" * 5000, "my.toml: brackets are nested too deeply"),
        ("#" * (MAX_FILE_BYTES + 1), f"my.toml: is too large, must be at most {MAX_FILE_BYTES} bytes"),
    ],
)
def test_a_file_that_is_not_toml(write, text: str | bytes, expected: str) -> None:
    assert refusal(write(text)) == expected


def test_a_number_of_too_many_digits(write) -> None:
    assert "my.toml" in refusal(write("[uav]\naltitude_m = " + "9" * 5000))
    assert refusal(write("[uav]\naltitude_m = 0x" + "f" * 5000)) == (
        "uav.altitude_m = a huge number: must be a number, 10 to 10000 m (my.toml:2)"
    )


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    assert refusal("nope.toml") == "nope.toml: no such file"
    assert refusal(f"{tmp_path}/").endswith("is a directory, must be a TOML file")
    assert refusal("a\0b.toml") == "a?b.toml: is not a path"
    (tmp_path / "file").write_text("")
    assert "cannot be read (Not a directory)" in refusal(f"{tmp_path}/file/x.toml")
    assert refusal(f"/{'x' * 5000}.toml").endswith("cannot be read (File name too long)")


def test_an_unknown_scenario_gets_the_nearest_and_the_known_ones() -> None:
    known = ", ".join(builtin_names())
    assert refusal("sagim") == f'scenario = "sagim": unknown; did you mean sagin? (known: {known}, or a .toml file)'
    assert refusal("zzz") == f'scenario = "zzz": unknown (known: {known}, or a .toml file)'
    assert refusal("") == f'scenario = "": unknown (known: {known}, or a .toml file)'


def test_a_manifest_that_was_tampered_with_is_named() -> None:
    data = SaginSpec().as_dict()
    data["uav"]["altitude_m"] = "high"
    with pytest.raises(ScenarioError, match=r'^uav\.altitude_m = "high": must be a number, .* \(manifest\.json\)$'):
        from_dict(data, "manifest.json")


def test_only_the_fast_solver_allows_for_errors() -> None:
    for solver in ("reference", "mrt"):
        assert load("sagin", [f"twin.solver={solver}"]).twin.robustness == "none"
        expected = f'twin.robust = "ball": must be none or auto with twin.solver = "{solver}"'
        assert refusal("sagin", f"twin.solver={solver}", "twin.robust=ball").startswith(expected)
    assert load("sagin").twin.robustness == "all_links"
    assert load("sagin", ["twin.predictor=none"]).twin.robustness == "none"
    assert load("sagin", ["twin.robust=both"]).twin.robustness == "both"


def test_zero_forcing_to_all_takes_four_antennas() -> None:
    message = refusal("sagin", "twin.solver=zf_all", "uav.antennas=3")
    assert message.startswith('uav.antennas = 3: must be at least 4 with twin.solver = "zf_all"')
    assert load("sagin", ["twin.solver=zf_eve", "uav.antennas=3"]).uav.antennas == 3
