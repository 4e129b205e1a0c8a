"""Two-line element sets: what is read, what is refused, and SGP4 against the published test set."""

import math
from datetime import UTC, datetime
from importlib.resources import files

import numpy as np
import pytest
from sgp4.propagation import gstime

from entities.mobility.elements import DEFAULT_ELEMENTS, Elements, checksum
from entities.mobility.frames import great_circle_m, local_axes, sidereal_rad, site_m, to_earth_fixed
from twin.errors import ScenarioError

LINE1, LINE2 = DEFAULT_ELEMENTS.split("\n")


def signed(line):
    """The line with the checksum that it should have."""
    return f"{line[:-1]}{checksum(line)}"


def test_the_default_is_cbers_2_of_the_published_test_set():
    published = files("sgp4").joinpath("SGP4-VER.TLE").read_text().splitlines()
    assert LINE1 in published
    assert any(line.startswith(LINE2) for line in published)
    elements = Elements.parse(DEFAULT_ELEMENTS)
    assert elements.catalog_number == "28057"
    assert abs(elements.epoch - datetime(2006, 6, 26, 18, 52, 4, 79712, tzinfo=UTC)).total_seconds() < 1e-5


def test_it_propagates_as_the_published_results_say():
    # tcppver.out of Vallado et al. 2006: minutes since the epoch, then km in TEME and km/s.
    results = files("sgp4").joinpath("tcppver.out").read_text().split("28057 xx")[1].split(" xx")[0].splitlines()
    rows = [[float(text) for text in line.split()[:7]] for line in results if len(line.split()) >= 7]
    assert len(rows) == 25
    position, velocity = Elements.parse(DEFAULT_ELEMENTS).teme(np.array([row[0] * 60.0 for row in rows]))
    np.testing.assert_allclose(position, np.array(rows)[:, 1:4] * 1e3, atol=0.05)
    np.testing.assert_allclose(velocity, np.array(rows)[:, 4:7] * 1e3, atol=1e-4)


def test_every_set_of_the_test_set_is_read_or_refused_for_what_sgp4_says():
    lines = [line[:69] for line in files("sgp4").joinpath("SGP4-VER.TLE").read_text().splitlines()]
    firsts = [line for line in lines if line.startswith("1 ")]
    seconds = [line for line in lines if line.startswith("2 ")]
    refused = []
    for pair in zip(firsts, seconds, strict=True):
        try:
            assert Elements.parse("A NAME\n" + "\n".join(pair) + "\n").line1 == pair[0]
        except ScenarioError as error:
            refused.append((pair[0][2:7], str(error)))
    # 33333 has a hyperbolic start, 33334 a checksum that is wrong on purpose in some editions
    assert all(number in {"33333", "33334", "33335"} for number, _ in refused), refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not a two-line element set: no line begins with 1"),
        ("hello\nworld", "is not a two-line element set: no line begins with 1"),
        (LINE1, "is not a two-line element set: the line after line 1 does not begin with 2"),
        (f"{LINE1}\n\n{LINE2}", "is not a two-line element set: the line after line 1 does not begin with 2"),
        (f"{DEFAULT_ELEMENTS}\n{DEFAULT_ELEMENTS}", "holds 2 element sets, must hold one"),
        (f"{LINE1[:-1]}\n{LINE2}", "line 1 has 68 characters, must have 69"),
        (f"{LINE1}\n{LINE2}0", "line 2 has 70 characters, must have 69"),
        (f"{LINE1[:-1]}7\n{LINE2}", "line 1 ends with checksum 7, its digits give 6"),
        (f"{LINE1}\n{LINE2[:20]}3{LINE2[21:]}", "line 2 ends with checksum 0, its digits give 3"),
        (f"{LINE1}\n2 28058{LINE2[7:-1]}1", "lines 1 and 2 are of two satellites, 28057 and 28058"),
        (f"{LINE1}\n{LINE2[:-1]}x", "line 2 ends with checksum x, its digits give 0"),
        (f"{LINE1}\n{LINE2[:-1]}\x00", "line 2 has characters that are not printable ASCII"),
    ],
)
def test_what_is_no_element_set_is_refused_in_one_line(text, said):
    with pytest.raises(ScenarioError) as refusal:
        Elements.parse(text)
    assert str(refusal.value) == said


def test_a_right_checksum_does_not_make_a_line():
    with pytest.raises(ScenarioError, match="line 2 has the right checksum and is not of the two-line form"):
        Elements.parse(f"{LINE1}\n{signed('2 28057' + 'x' * 62)}")


@pytest.mark.parametrize("day", ["000", "367", "999"])
def test_an_epoch_is_a_day_of_its_year(day):
    with pytest.raises(ScenarioError, match=f"^line 1 is of day {int(day)}.* of its year, must be 1 to 366$"):
        Elements.parse(f"{signed(LINE1.replace('06177', f'06{day}'))}\n{LINE2}")


def test_checksums_count_digits_and_minus_signs():
    assert checksum("1" * 68 + "?") == 8
    assert checksum("-" * 3 + " " * 65 + "9") == 3
    assert checksum(LINE1) == 6
    assert checksum(LINE2) == 0


def test_a_decayed_satellite_is_named_with_its_instant():
    # Lower, and with ten thousand times the drag, it is gone within months.
    line1, line2 = LINE1.replace("35940-4", "35940-0"), LINE2.replace("14.35478080", "15.95478080")
    heavy = Elements.parse(f"{signed(line1)}\n{signed(line2)}")
    with pytest.raises(
        ScenarioError,
        match=r"SGP4 error \d at 2006-\d\d-\d\dT\d\d:\d\dZ: .* \(elements of satellite 28057, epoch 2006-06-26T18:52Z\)$",
    ):
        heavy.teme(np.array([100.0 * 86400.0]))
    instants = np.arange(0.0, 100.0) * 86400.0
    alive = heavy.alive_until(instants)
    assert 0 < alive < 100
    heavy.teme(instants[:alive])
    with pytest.raises(ScenarioError, match="SGP4 error"):
        heavy.alive_until(instants[alive:])


def test_instants_and_seconds_are_inverse():
    elements = Elements.parse(DEFAULT_ELEMENTS)
    for since_s in (-1e6, 0.0, 12.5, 3e8):
        assert elements.since_s(elements.utc(since_s)) == pytest.approx(since_s, abs=1e-6)


def test_sidereal_time_is_that_of_the_package_and_turns_once_in_23_h_56_min_4_s():
    for jd in (2_440_000.5, 2_453_912.5, 2_465_000.5):
        for day in (0.0, 0.25, 0.99):
            difference = float(sidereal_rad(jd, np.array(day))) - gstime(jd + day)
            assert math.remainder(difference, 2 * math.pi) == pytest.approx(0.0, abs=3e-9)  # 2 cm at 7000 km
    turned = float(sidereal_rad(2_453_912.5, np.array(86164.0905 / 86400.0)) - sidereal_rad(2_453_912.5, np.array(0.0)))
    assert math.remainder(turned, 2 * math.pi) == pytest.approx(0.0, abs=1e-7)


def test_the_velocity_on_the_turning_earth_is_the_derivative_of_the_position():
    elements = Elements.parse(DEFAULT_ELEMENTS)
    before, now, after = (elements.earth_fixed(np.array([1000.0 + step])) for step in (-0.5, 0.0, 0.5))
    # What SGP4 gives as velocity is off by centimetres per second itself.
    np.testing.assert_allclose(after[0] - before[0], now[1], atol=0.05)
    still, moving = to_earth_fixed(np.array([7e6, 0.0, 0.0]), np.zeros(3), np.array(0.0))
    np.testing.assert_allclose(still, [7e6, 0.0, 0.0])
    np.testing.assert_allclose(moving, [0.0, -7e6 * 7.29211514670698e-5, 0.0])


@pytest.mark.parametrize(
    ("point", "expected_m"),
    [
        ((0.0, 0.0), (6378137.0, 0.0, 0.0)),
        ((0.0, 90.0), (0.0, 6378137.0, 0.0)),
        ((90.0, 0.0), (0.0, 0.0, 6356752.314)),
        ((-90.0, 17.0), (0.0, 0.0, -6356752.314)),
    ],
)
def test_points_of_the_ellipsoid(point, expected_m):
    np.testing.assert_allclose(site_m(point), expected_m, atol=1e-3)


def test_local_axes_are_orthonormal_right_handed_and_up_is_the_normal():
    for point in ((34.2, 108.9), (-80.0, -170.0), (0.0, 0.0)):
        axes = local_axes(point)
        np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-15)
        assert np.linalg.det(axes) == pytest.approx(1.0)
    east, north, up = local_axes((0.0, 0.0))
    np.testing.assert_allclose([east, north, up], [[0, 1, 0], [0, 0, 1], [1, 0, 0]], atol=1e-15)
    step = site_m((34.2001, 108.9)) - site_m((34.2, 108.9))
    assert step @ local_axes((34.2, 108.9))[2] == pytest.approx(0.0, abs=1e-4)
    assert step @ local_axes((34.2, 108.9))[1] == pytest.approx(11.09, abs=0.01)


def test_great_circles():
    assert great_circle_m((0.0, 0.0), (0.0, 180.0)) == pytest.approx(math.pi * 6371008.8)
    assert great_circle_m((40.45, 116.86), (34.2, 108.9)) == pytest.approx(994e3, rel=0.01)
    assert great_circle_m((12.0, 34.0), (12.0, 34.0)) == 0.0
