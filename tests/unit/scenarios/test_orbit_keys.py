"""The satellite's orbit as keys: where a run begins, what is refused, what is warned of, and what a manifest needs."""

import json
import math

import pytest
import skyfield.api

from entities.mobility.elements import DEFAULT_ELEMENTS, checksum
from entities.world import World
from scenarios.build import run_id
from scenarios.load import from_dict, load
from scenarios.sagin import topology
from scenarios.sagin.configure import world_params
from scenarios.sagin.satellite_pass import begin_s, check_pass, chosen_pass, gateway_names, warnings
from scenarios.sagin.spec import SaginSpec
from scenarios.values import shortened
from twin.emulation.streams import Streams
from twin.errors import ScenarioError

ORBIT = "satellite.orbit=sgp4"
CULMINATION = "2006-06-28T03:19"
POINT = "[latitude -90 to 90, longitude -180 to 180]"
LINE1, LINE2 = DEFAULT_ELEMENTS.split("\n")


def spec(*sets):
    return load("sagin", [ORBIT, *sets])


def begin(*sets):
    """The instant, UTC, at which a run with these settings begins."""
    satellite = spec(*sets).satellite
    return f"{satellite.element_set.utc(begin_s(satellite)):%Y-%m-%dT%H:%M:%S}"


def refusal(*sets):
    with pytest.raises(ScenarioError) as error:
        check_pass(spec(*sets))
    text = str(error.value)
    assert "\n" not in text
    return text


def test_by_default_a_run_begins_at_the_culmination_of_the_highest_pass_of_two_days():
    number, one = chosen_pass(spec().satellite)
    assert number == 5
    assert one.culmination.elevation_deg > 60.0
    assert begin().startswith(CULMINATION)
    assert begin_s(spec().satellite) == pytest.approx(one.culmination.since_s, abs=1e-3)


@pytest.mark.parametrize(
    ("sets", "expected"),
    [
        (["satellite.start=rise"], "2006-06-28T03:14:30"),
        (["satellite.start=set"], "2006-06-28T03:24:46"),
        (["satellite.start=rise", "satellite.start_s=-30.5"], "2006-06-28T03:14:00"),
        (["satellite.pass_number=1", "satellite.start=rise"], "2006-06-27T02:10:59"),
        (
            ["satellite.from_utc=2006-06-27T12:00Z", "satellite.pass_number=1", "satellite.start=rise"],
            "2006-06-27T13:23:21",
        ),
        (["satellite.from_utc='2006-06-28T03:17:30Z'", "satellite.start=utc"], "2006-06-28T03:17:30"),
        (["satellite.from_utc=2006-06-28T05:17:30+02:00", "satellite.start=utc"], "2006-06-28T03:17:30"),
        (
            ["satellite.from_utc=2006-06-28T03:17Z", "satellite.start=utc", "satellite.start_s=20"],
            "2006-06-28T03:17:20",
        ),
    ],
)
def test_where_a_run_begins(sets, expected):
    assert begin(*sets) == expected


def test_passes_are_counted_as_skyfield_counts_them():
    timescale = skyfield.api.load.timescale(builtin=True)
    satellite = skyfield.api.EarthSatellite(LINE1, LINE2, "CBERS-2", timescale)
    site = skyfield.api.wgs84.latlon(34.2, 108.9)
    first = satellite.epoch
    times, events = satellite.find_events(site, first, timescale.tt_jd(first.tt + 12.0), 10.0)
    rises = [f"{time.utc_datetime():%Y-%m-%dT%H:%M}" for time, event in zip(times, events, strict=True) if event == 0]
    for number in (1, 7, 40):
        assert begin("satellite.start=rise", f"satellite.pass_number={number}").startswith(rises[number - 1])


def test_the_pass_counts_from_the_one_that_has_not_set_yet():
    assert begin("satellite.from_utc=2006-06-28T03:20Z", "satellite.pass_number=1").startswith(CULMINATION)


def test_a_satellite_below_its_mask_for_the_whole_run_is_refused_with_the_next_pass():
    assert refusal("satellite.start=rise", "satellite.start_s=-90") == (
        "satellite is below 10 deg for the whole run (max 3.8 deg); next pass starts 2006-06-28T03:14Z"
    )
    assert refusal("satellite.start=utc", "satellite.from_utc=2026-11-22T03:14Z").startswith(
        "satellite is below 10 deg for the whole run (max -27.5 deg); next pass starts 2026-11-22T09:"
    )
    check_pass(spec("satellite.start=rise", "satellite.start_s=-9.9"))
    check_pass(load("sagin"))


def test_a_mask_that_is_never_cleared_is_refused():
    sets = ("satellite.site_deg=[34.2, 108.9]", "satellite.mask_deg=89", "satellite.from_utc=2006-06-27T00:00Z")
    below = refusal(*sets, "satellite.start=utc")
    assert below.startswith("satellite is below 89 deg for the whole run (max ")
    never = refusal("satellite.site_deg=[90, 0]", "satellite.mask_deg=60")
    assert never.startswith("satellite.mask_deg = 60: no pass above it in 30 days from 2006-06-26T18:52Z on (max ")
    # The inclination is 98.43 deg, so it stays 8.43 deg from the pole: tan el = (cos g - R / r) / sin g.
    away = math.radians(8.4283)
    highest_deg = math.degrees(math.atan2(math.cos(away) - 6357.0 / 7142.0, math.sin(away)))
    assert float(never.split("(max ")[1].removesuffix(" deg)")) == pytest.approx(highest_deg, abs=0.5)


def test_a_pass_number_that_there_is_not_is_refused():
    assert refusal("satellite.pass_number=999") == (
        "satellite.pass_number = 999: there are 110 passes above 10 deg in 30 days from 2006-06-26T18:52Z on"
    )


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "satellite.from_utc=noon",
            'satellite.from_utc = "noon": must be UTC as in 2006-06-28T03:00Z, or empty (--set)',
        ),
        (
            "satellite.from_utc=2006-02-30T00:00Z",
            'satellite.from_utc = "2006-02-30T00:00Z": must be a date and time that exist (--set)',
        ),
        (
            "satellite.from_utc=1492-10-12T00:00Z",
            'satellite.from_utc = "1492-10-12T00:00Z": must lie in the years 1957 to 2100 (--set)',
        ),
        ("satellite.mask_deg=90", "satellite.mask_deg = 90: must be 0 to 89 deg (--set)"),
        (
            "satellite.site_deg=[91, 0]",
            f"satellite.site_deg = [91, 0]: must be {POINT} deg (--set)",
        ),
        (
            "satellite.gateways_deg=[[0, 181]]",
            f"satellite.gateways_deg = [[0, 181]]: must be a list of 0 to 16 points {POINT} deg (--set)",
        ),
        ("satellite.orbit=kepler", 'satellite.orbit = "kepler": must be "static" or "sgp4" (--set)'),
        (
            "satellite.elements=none",
            'satellite.elements = "none": is not a two-line element set: no line begins with 1 (--set)',
        ),
        ("satellite.tle=nowhere.tle", 'satellite.tle = "nowhere.tle": no such file (--set)'),
        ("satellite.tle=.", 'satellite.tle = ".": is a directory, must be a file with a two-line element set (--set)'),
    ],
)
def test_a_bad_key_is_refused_in_one_line(setting, said):
    with pytest.raises(ScenarioError) as error:
        spec(setting)
    assert str(error.value) == said


def tle(folder, text):
    (folder / "my.tle").write_bytes(text if isinstance(text, bytes) else text.encode())
    scenario = folder / "my.toml"
    scenario.write_text('[satellite]\norbit = "sgp4"\ntle = "my.tle"\n', encoding="utf-8")
    return str(scenario)


def test_a_file_of_elements_is_found_beside_the_scenario_s_file_and_in_the_working_folder(tmp_path, monkeypatch):
    text = f"# from somewhere\n0 CBERS 2\r\n{LINE1}   \r\n{LINE2}\r\n"
    assert load(tle(tmp_path, text)).satellite.elements == DEFAULT_ELEMENTS
    monkeypatch.chdir(tmp_path)
    assert spec("satellite.tle=my.tle").satellite.elements == DEFAULT_ELEMENTS
    assert spec("satellite.tle=my.tle").satellite.tle == "my.tle"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{LINE1}\n{LINE2[:-1]}5\n", "line 2 ends with checksum 5, its digits give 0"),
        (f"{LINE1[:-1]}\n{LINE2}\n", "line 1 has 68 characters, must have 69"),
        ("<html></html>", "is not a two-line element set: no line begins with 1"),
        (f"{DEFAULT_ELEMENTS}\n{DEFAULT_ELEMENTS}", "holds 2 element sets, must hold one"),
        (b"\xff\xfe1 ", "byte 0 is not UTF-8, must be a two-line element set"),
        ("x" * 70_000, "is too large, must be at most 65536 bytes"),
    ],
)
def test_a_bad_file_of_elements_is_refused_with_its_line(tmp_path, text, said):
    path = tle(tmp_path, text)
    with pytest.raises(ScenarioError) as error:
        load(path)
    assert str(error.value) == f'satellite.tle = "my.tle": {said} ({shortened(path)}:3)'


def test_elements_and_a_file_of_elements_are_one_too_many(tmp_path):
    path = tle(tmp_path, DEFAULT_ELEMENTS)
    with pytest.raises(ScenarioError, match=r"satellite.tle = \"my.tle\": must be left out beside satellite.elements"):
        load(path, [f"satellite.elements={DEFAULT_ELEMENTS!r}".replace("'", '"')])


def test_a_name_of_a_file_alone_is_no_element_set():
    with pytest.raises(ScenarioError, match="names a file that was not read"):
        from_dict({"satellite": {"tle": "my.tle"}})


def test_a_decayed_satellite_is_refused_in_one_line(tmp_path):
    def signed(line):
        return f"{line[:-1]}{checksum(line)}"

    lines = signed(LINE1.replace("35940-4", "35940-0")), signed(LINE2.replace("14.35478080", "15.95478080"))
    path = tle(tmp_path, "\n".join(lines))
    with pytest.raises(ScenarioError, match=r"^SGP4 error \d at 2007-01-0\dT\d\d:\d\dZ: "):
        check_pass(load(path, ["satellite.from_utc=2007-01-01T06:00Z"]))


def test_old_elements_are_warned_of_with_the_error_in_km():
    assert warnings(spec()) == warnings(load("sagin")) == []
    assert warnings(spec("satellite.from_utc=2006-07-20T00:00Z")) == []
    (text,) = warnings(spec("satellite.from_utc=2026-11-22T00:00Z"))
    assert text.startswith(
        "satellite.elements are 20.4 years old (epoch 2006-06-26T18:52Z): the satellite is off by about "
    )
    assert text.endswith(" km along its track, or more")
    least, most = (float(number) for number in text.split("about ")[1].split(" km")[0].split(" to "))
    assert least == pytest.approx(7454, abs=3)  # 1 km a day
    assert most == pytest.approx(3 * least, abs=2)
    (early,) = warnings(spec("satellite.from_utc=2006-04-27T18:52Z", "satellite.start=utc"))
    assert early.startswith("satellite.elements are 60 days too new (")


def test_a_manifest_holds_everything_but_the_file(tmp_path):
    mine = load(tle(tmp_path, DEFAULT_ELEMENTS), ["satellite.gateways_deg=[[18.3, 109.3], [40.45, 116.86]]"])
    (tmp_path / "my.tle").unlink()
    again = from_dict(json.loads(json.dumps(mine.as_dict())))
    assert again == mine
    assert world_params(again) == world_params(mine)


def test_what_a_satellite_at_rest_has_no_use_for_does_not_name_its_run():
    resting, flying = load("sagin"), spec()
    assert run_id(resting, 1) == run_id(load("sagin", ["satellite.mask_deg=20", "satellite.start=rise"]), 1)
    assert run_id(flying, 1) != run_id(resting, 1)
    assert run_id(flying, 1) != run_id(spec("satellite.mask_deg=20"), 1)
    assert run_id(resting, 1) != run_id(load("sagin", ["satellite.antennas=8"]), 1)


def test_gateways_hang_on_the_satellite_s_edge_cloud():
    assert gateway_names(SaginSpec().satellite) == gateway_names(spec().satellite) == ("gateway",)
    mine = spec("satellite.gateways_deg=[[18.3, 109.3], [40.45, 116.86]]")
    assert gateway_names(mine.satellite) == ("gateway-1", "gateway-2")
    graph = topology.make_graph(mine)
    for name in ("gateway-1", "gateway-2"):
        assert set(graph[name]) == {"satellite", "edge-cloud:satellite"}
        assert graph[name]["satellite"]["params"].kind == "radio"
        assert graph[name]["edge-cloud:satellite"]["params"].kind == "fronthaul"
    assert "gateway" not in graph
    assert "gateway" in topology.make_graph(SaginSpec())


def test_propagation_is_distance_over_c_by_radio_and_the_great_circle_at_two_thirds_of_it_by_fibre():
    mine = spec("satellite.gateways_deg=[[18.3, 109.3], [34.2, 108.9]]")
    world = World(world_params(mine), Streams(1))
    propagation_ns = topology.propagation(world)
    for t_ns in (0, 200 * 10**9):
        for other in ("su", "uav", "gateway-1", "gateway-2"):
            for pair in (("satellite", other), (other, "satellite")):
                expected_ns = world.distance_m("satellite", other, t_ns) / 299_792_458.0 * 1e9
                assert propagation_ns(*pair, t_ns) == pytest.approx(expected_ns, abs=0.51)
        assert propagation_ns("satellite", "gateway-2", t_ns) < propagation_ns("satellite", "gateway-1", 0)
    fibre_ns = (
        6371008.8 * math.radians(15.9) / (299_792_458.0 * 2.0 / 3.0) * 1e9
    )  # 15.9 deg of latitude, 0.4 of longitude
    assert propagation_ns("gateway-1", "edge-cloud:satellite", 0) == pytest.approx(fibre_ns, rel=1e-3)
    assert propagation_ns("edge-cloud:satellite", "gateway-1", 0) == propagation_ns(
        "gateway-1", "edge-cloud:satellite", 0
    )
    assert propagation_ns("gateway-2", "edge-cloud:satellite", 0) == 0
    assert propagation_ns("edge-cloud:satellite", "core-cloud:satellite", 0) == 0
    assert propagation_ns("uav", "ground-station", 0) == pytest.approx(100.0 / 0.299792458, abs=0.51)


def test_the_network_of_a_satellite_at_rest_is_as_it_was():
    propagation_ns = topology.propagation(World(world_params(SaginSpec()), Streams(1)))
    assert propagation_ns("satellite", "gateway", 0) == round(600e3 / 299_792_458.0 * 1e9)
    assert propagation_ns("gateway", "edge-cloud:satellite", 0) == 0
