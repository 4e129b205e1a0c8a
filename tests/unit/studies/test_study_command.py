"""The command line of studies: every mistake is one clear line."""

import pytest

from scenarios.cli import main
from scenarios.studies.registry import find_study, study_names
from twin.errors import UsageError


def test_an_unknown_study_is_answered_with_the_known_names(capsys: pytest.CaptureFixture[str]):
    assert main(["study", "sagin-figure"]) == 2
    line = capsys.readouterr().err
    assert line == f"error: study='sagin-figure': must be one of {', '.join(study_names())}\n"


def test_a_study_needs_a_name(capsys: pytest.CaptureFixture[str]):
    assert main(["study"]) == 2
    assert "sagin-figures" in capsys.readouterr().err


def test_studies_can_be_listed(capsys: pytest.CaptureFixture[str]):
    assert main(["study", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(study_names())
    assert all(find_study(name).description in "\n".join(lines) for name in study_names())


@pytest.mark.parametrize("wrong", [["--jobs", "0"], ["--seeds", "1"], ["--seeds", "many"], ["--jobs", "1000"]])
def test_numbers_out_of_range_are_one_line(wrong: list[str], capsys: pytest.CaptureFixture[str]):
    assert main(["study", "sagin-figures", *wrong]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "must be a whole number" in error
    assert wrong[0] in error


def test_every_known_study_is_named_as_it_is_registered():
    assert [find_study(name).name for name in study_names()] == list(study_names())
    with pytest.raises(UsageError):
        find_study("")
