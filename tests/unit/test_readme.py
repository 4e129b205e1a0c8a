"""What README says of itself is so: commands exist, keys exist, pictures are there, and it stays short."""

import re
import shlex
from pathlib import Path

import pytest

from scenarios.cli import _parser
from scenarios.load import load

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    python run_twin\.py (.+?)(?:\s+#.*)?$", README, re.MULTILINE)


def test_it_is_short_and_finished():
    assert README.count("\n") < 150
    assert "@@" not in README
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_understood(line):
    options = _parser().parse_args(shlex.split(line))
    assert options.command is not None


def test_every_setting_is_valid():
    settings = re.findall(r"run (\w+) .*--set ([\w.]+=[\w.:]+)", README)
    assert len(settings) >= 3
    for scenario, setting in settings:
        load(scenario, [setting])


def test_every_target_of_make_that_it_names_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|^    )make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
