"""The page lights what `story` tells, for every version, on air or lost, and opens on the same median."""

import pytest

from twin.journal.folder import RunFolder
from twin.report.run_end import end_of_run_ns
from twin.report.solves import find_solve
from twin.report.story import Ending, tell


@pytest.fixture(scope="module")
def page(show_for_all, run_folder):
    return show_for_all(run_folder)


@pytest.fixture(scope="module")
def stories(run_folder, tables):
    end_ns = end_of_run_ns(RunFolder(run_folder), tables)
    versions = tables.solves["version"].to_pylist()
    return {version: tell(tables, find_solve(tables, str(version)), end_ns) for version in versions}


def ids(page, question):
    return {int(number) for number in page.ask(question)}


def test_every_version_lights_the_messages_of_its_story(page, stories):
    endings = {each.ending for story in stories.values() for each in story.deliveries}
    assert endings >= {Ending.APPLIED, Ending.LOST, Ending.SUPERSEDED, Ending.IN_FLIGHT}
    for version, story in stories.items():
        assert page.ask("select(x)", version)
        assert ids(page, "selection()") == story.message_ids, version


def test_one_transmitter_of_a_version_lights_its_part(page, stories, tables, run_folder):
    end_ns = end_of_run_ns(RunFolder(run_folder), tables)
    for version in list(stories)[::10]:
        for name in ("satellite", "uav", "base_station"):
            assert page.tab.evaluate("([v, t]) => twinReport.select(v, t)", [version, name])
            assert ids(page, "selection()") == tell(tables, stories[version].solve, end_ns, name).message_ids


def test_the_critical_way_up_is_the_same(page, stories):
    for version, story in list(stories.items())[::5]:
        page.ask("select(x)", version)
        up = {step.msg_id for each in story.inputs for step in each.steps}
        assert ids(page, "critical()") & up == {step.msg_id for step in story.critical_input.steps}


def test_the_page_opens_on_the_median_of_the_command(show, run_folder, tables):
    assert show(run_folder).ask("selected()")["version"] == find_solve(tables, "median").version
