"""`passes`, and what `run` and `validate` say of a pass: tables, JSON, warnings, exit codes."""

import json

import pytest

from scenarios.cli import main

ORBIT = ("--set", "satellite.orbit=sgp4")


def output(capsys, *argv):
    assert main(["passes", *argv]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def failure(capsys, *argv):
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_the_table_of_two_days_marks_the_pass_that_is_run(capsys):
    lines = output(capsys, "sagin", *ORBIT).splitlines()
    assert lines[0] == (
        "satellite 28057 over 34.2 N 108.9 E, above 10 deg, 2 days from 2006-06-26T18:52Z on "
        "(elements of 2006-06-26T18:52Z)"
    )
    rows = [line for line in lines if line[1:4].strip().isdigit()]
    assert [int(row[1:4]) for row in rows] == [1, 2, 3, 4, 5, 6]
    (best,) = [row for row in rows if row.startswith(">")]
    assert best.split() == [
        *[">", "5", "2006-06-28T03:14:31", "12", "03:19:39", "283", "89.0", "778", "-2.3", "03:24:46", "194", "10.3"],
        *["2.6", "to", "7.8", "+53", "to", "-53"],
    ]
    assert lines[-1] == ">  the pass that is run: virtual time begins at its culmination (pass 5)"
    assert len({len(row) for row in rows}) == 1


def test_a_satellite_at_rest_has_passes_to_choose_from_too(capsys):
    text = output(capsys)
    assert "In sagin the satellite is at rest; --set satellite.orbit=sgp4 lets it fly." in text
    assert ">  5  2006-06-28T03:14:31" in text


def test_several_gateways_say_when_they_see_it(capsys):
    lines = output(capsys, "sagin_pass").splitlines()
    assert lines[-2] == "   gateway-1 at 40.45 N 116.86 E sees it from 03:12:33 to 03:22:29, at most 53.2 deg high"
    assert lines[-1] == "   gateway-2 at 18.3 N 109.3 E sees it from 03:18:52 to 03:28:50, at most 54.9 deg high"
    far = output(capsys, "sagin", *ORBIT, "--set", "satellite.gateways_deg=[[-34.2, -70.1], [34.2, 108.9]]")
    assert "   gateway-1 at 34.2 S 70.1 W does not see it on that pass\n" in far


def test_days_and_count_bound_the_list(capsys):
    one_day = json.loads(output(capsys, "sagin", "--days", "1", "--json"))
    assert [row["number"] for row in one_day] == [1, 2, 3, 4]
    seven = json.loads(output(capsys, "sagin", "--count", "7", "--json"))
    assert [row["number"] for row in seven] == [1, 2, 3, 4, 5, 6, 7]
    assert seven[:4] == one_day
    assert [row["run"] for row in seven] == [False, False, False, False, True, False, False]


def test_json_holds_look_angles_delay_and_doppler(capsys):
    row = json.loads(output(capsys, "sagin", "--json", "--set", "radio.carrier_ghz=1.2"))[4]
    assert row["rise"]["utc"] == "2006-06-28T03:14:30.771Z"
    assert row["duration_s"] == pytest.approx(615.5, abs=0.1)
    assert row["culmination"]["elevation_deg"] == pytest.approx(88.97, abs=0.01)
    assert row["culmination"]["gain_to_600_km_db"] == pytest.approx(-2.25, abs=0.01)
    assert row["rise"]["range_km"] == pytest.approx(row["rise"]["delay_ms"] * 299.792458)
    assert row["set"]["doppler_khz"] == pytest.approx(-53.1 / 2.0, abs=0.1)  # at half the carrier


def test_a_run_that_begins_at_an_instant_of_its_own_has_no_pass_number(capsys):
    text = output(
        capsys, "sagin", *ORBIT, "--set", "satellite.start=utc", "--set", "satellite.from_utc=2006-06-28T03:00Z"
    )
    assert text.endswith("A run begins at 2006-06-28T03:00Z, whatever the pass.\n")
    assert ">" not in text
    none = output(capsys, "sagin", *ORBIT, "--set", "satellite.pass_number=900")
    assert ">" not in none


def test_when_it_begins_beside_the_culmination_the_list_says_so(capsys):
    text = output(capsys, "sagin", *ORBIT, "--set", "satellite.start=set", "--set", "satellite.start_s=-20")
    assert ">  the pass that is run: virtual time begins 20 s before its set (pass 5)\n" in text


def test_no_pass_is_one_line_and_exit_code_2(capsys):
    assert failure(capsys, "passes", "sagin", "--days", "1", "--set", "satellite.mask_deg=80") == (
        "error: satellite.mask_deg = 80: no pass above it in 1 day from 2006-06-26T18:52Z on (max 41.11 deg)\n"
    )
    assert failure(capsys, "passes", "--days", "0").startswith(
        "error: argument --days: '0': must be a whole number, 1 to 60"
    )


@pytest.mark.parametrize("command", ["validate", "run"])
def test_a_run_below_the_mask_is_refused_before_anything_is_written(capsys, tmp_path, command):
    late = [*ORBIT, "--set", "satellite.start=set", "--set", "satellite.start_s=60"]
    folder = ["--out", str(tmp_path / "run")] if command == "run" else []
    assert failure(capsys, command, "sagin", *late, *folder).startswith(
        "error: satellite is below 10 deg for the whole run (max 5.1 deg); next pass starts 2006-06-28T14:26Z"
    )
    assert not list(tmp_path.iterdir())


def test_old_elements_are_a_warning_on_standard_error_and_no_error(capsys):
    old = ["--set", "satellite.from_utc=2026-11-22T00:00Z"]
    assert main(["validate", "sagin", *ORBIT, *old]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("sagin: valid")
    assert captured.err.startswith("warning: satellite.elements are 20.4 years old (epoch 2006-06-26T18:52Z)")
    assert captured.err.count("\n") == 1
