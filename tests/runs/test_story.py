"""Stories of small runs: who said what to whom before a precoder went on air, and when, against the facts themselves."""

import math
from itertools import pairwise

import pytest

from twin.errors import UsageError
from twin.journal.tables import build_tables, metrics_table
from twin.report.solves import find_solve
from twin.report.story import Ending, tell
from twin.report.story_text import story_json, story_lines

QUIET = tuple(f"network.{link}.jitter_ms=0" for link in ("radio", "fronthaul", "backhaul", "core"))
TRANSMITTERS = ("satellite", "uav", "base_station")
MS = 1_000_000
HANDLE_NS, SOLVE_NS = 20_000, 1_000_000


def tables_of(run, end_ns=None):
    return build_tables(run.facts, metrics_table([]), run.spec.scenario.duration_ns if end_ns is None else end_ns)


def story_of(run, which, **options):
    end_ns = options.pop("end_ns", run.spec.scenario.duration_ns)
    tables = tables_of(run, end_ns)
    return tell(tables, find_solve(tables, str(which)), end_ns, **options)


def way(steps):
    return [(step.kind, step.src, step.dst) for step in steps]


def lineage(run, version):
    """Ids of the messages behind a version, from the facts alone: the oracle of `Story.message_ids`."""
    (solve,) = [fact for fact in run.solved if fact.version == version]
    ids = set()
    pending = list(solve.inputs)
    while pending:
        ids.add(pending[-1])
        parent = run.sent[pending.pop()].parent_id
        pending += [parent] if parent else []
    frontier = [e for e in run.sent.values() if e.src == solve.node and e.t_send_ns == solve.finish_ns]
    frontier = [e for e in frontier if e.kind == "precoder"]
    while frontier:
        ids |= {e.msg_id for e in frontier}
        parents = {e.msg_id for e in frontier}
        frontier = [e for e in run.sent.values() if e.kind == "precoder" and e.parent_id in parents]
    return ids


@pytest.fixture(scope="module")
def quiet(emulate):
    return emulate(*QUIET, "report.period_ms=50", duration_s=0.12)


@pytest.fixture(scope="module")
def lossy(emulate):
    return emulate("network.radio.loss=0.15", "network.backhaul.loss=0.05", duration_s=1.0)


@pytest.fixture(scope="module")
def stories(lossy):
    """The story of every version of the lossy run."""
    tables, end_ns = tables_of(lossy), lossy.spec.scenario.duration_ns
    return {fact.version: tell(tables, find_solve(tables, str(fact.version)), end_ns) for fact in lossy.solved}


def test_one_cycle_is_three_reports_up_and_three_precoders_down(quiet):
    story = story_of(quiet, 1)
    assert [each.source for each in story.inputs] == list(TRANSMITTERS)
    up = {each.source: way(each.steps) for each in story.inputs}
    for name in ("satellite", "uav"):
        assert up[name] == [
            ("csi", name, f"edge:{name}"),
            ("sync", f"edge:{name}", f"core:{name}"),
            ("share", f"core:{name}", "core:base_station"),
        ]
    assert up["base_station"] == [
        ("csi", "base_station", "edge:base_station"),
        ("sync", "edge:base_station", "core:base_station"),
    ]
    down = {each.transmitter: way(each.steps) for each in story.deliveries}
    for name in ("satellite", "uav"):
        assert down[name] == [
            ("precoder", "core:base_station", f"core:{name}"),
            ("precoder", f"core:{name}", f"edge:{name}"),
            ("precoder", f"edge:{name}", name),
        ]
    assert down["base_station"] == [
        ("precoder", "core:base_station", "edge:base_station"),
        ("precoder", "edge:base_station", "base_station"),
    ]
    assert [each.ending for each in story.deliveries] == [Ending.APPLIED] * 3


def test_times_are_those_of_the_links_by_hand(quiet):
    """No jitter: fixed latency, size over rate, distance over the speed of light, 20 us a handling, 1 ms the solve."""
    network = quiet.spec.network

    def took(step, *links):
        """Latency of a message over links given as (section, geometric delay in ns)."""
        total = 0
        for hop, (section, flight_ns) in zip(step.hops, links, strict=True):
            serialisation_ns = math.ceil(8e9 * step.size_bytes / section.rate_bps)
            assert (hop.queue_ns, hop.jitter_ns) == (0, 0)
            assert (hop.serialisation_ns, hop.propagation_ns) == (serialisation_ns, section.latency_ns + flight_ns)
            total += serialisation_ns + section.latency_ns + flight_ns
        return total

    story = story_of(quiet, 1)
    by_source = {each.source: each for each in story.inputs}
    height_ns = round(quiet.spec.satellite.height_km * 1e3 / 299_792_458 * 1e9)
    radio, front, back, core = network.radio, network.fronthaul, network.backhaul, network.core
    csi, sync, share = by_source["satellite"].steps
    flight_ns = csi.hops[0].propagation_ns - radio.latency_ns
    assert flight_ns == pytest.approx(height_ns, abs=2_000)  # the gateway is not right below
    assert csi.sent_ns == 0
    assert csi.arrived_ns == took(csi, (radio, flight_ns), (front, 0))
    assert sync.sent_ns == csi.arrived_ns + HANDLE_NS
    assert sync.arrived_ns == sync.sent_ns + took(sync, (back, 0))
    assert share.sent_ns == sync.arrived_ns + HANDLE_NS
    assert share.arrived_ns == share.sent_ns + took(share, (core, 0))
    solve = story.solve
    assert solve.begin_ns == share.begin_ns + HANDLE_NS
    assert solve.finish_ns == solve.begin_ns + SOLVE_NS
    down = {each.transmitter: each for each in story.deliveries}
    first, second = down["base_station"].steps
    assert first.sent_ns == solve.finish_ns
    assert first.arrived_ns == first.sent_ns + took(first, (back, 0))
    assert second.sent_ns == first.begin_ns + HANDLE_NS
    assert second.arrived_ns == second.sent_ns + took(second, (front, 0))
    assert [each.on_air.age_ns for each in story.deliveries] == [each.ended_ns for each in story.deliveries]


def test_the_critical_path_is_the_slowest_way_up_and_what_went_on_air_last(quiet):
    story = story_of(quiet, 1)
    assert [each.source for each in story.inputs if each.critical] == ["satellite"]
    assert story.critical_input.waited_ns == 0
    for each in story.inputs:
        if not each.critical:
            assert each.waited_ns == story.solve.begin_ns - each.last.finish_ns > 0
    assert story.critical_delivery.ended_ns == max(each.ended_ns for each in story.deliveries)
    parts = story.breakdown_ns()
    assert sum(parts.values()) == story.critical_delivery.ended_ns
    assert (parts["solve"], parts["timer"], parts["jitter"]) == (SOLVE_NS, 0, 0)
    assert parts["handling"] == HANDLE_NS * (3 + len(story.critical_delivery.steps) - 1)


def test_followers_wait_for_the_command_of_the_uav(quiet):
    story = story_of(quiet, 1)
    by_name = {each.transmitter: each for each in story.deliveries}
    assert by_name["uav"].release is None
    assert by_name["uav"].held_ns == 0
    for name in ("satellite", "base_station"):
        each = by_name[name]
        assert (each.release.kind, each.release.src, each.release.dst) == ("command", "uav", name)
        assert each.release.parent_id == by_name["uav"].steps[-1].msg_id
        assert each.ended_ns == max(each.steps[-1].arrived_ns, each.release.arrived_ns)
        assert each.release.msg_id not in story.message_ids


def test_a_version_stays_on_air_until_the_next_or_the_end(quiet):
    stories = [story_of(quiet, version) for version in (1, 2, 3)]
    for first, second in pairwise(stories):
        for a, b in zip(first.deliveries, second.deliveries, strict=True):
            if b.on_air is not None:
                assert a.on_air.until_ns == b.on_air.since_ns
    last = stories[2].deliveries[0].on_air
    assert last.until_ns == last.since_ns + last.lasted_ns == quiet.spec.scenario.duration_ns


def test_message_ids_are_the_lineage_of_the_facts(lossy, stories):
    assert len(stories) > 30
    for version, story in stories.items():
        assert story.message_ids == lineage(lossy, version)


def test_every_part_of_every_story_adds_up(stories):
    for story in stories.values():
        for each in story.inputs:
            assert all(a.finish_ns == b.sent_ns for a, b in pairwise(each.steps))
        if parts := story.breakdown_ns():
            begin_ns = story.critical_input.steps[0].data_ns
            assert sum(parts.values()) == story.critical_delivery.ended_ns - begin_ns
            assert min(parts.values()) >= 0


def test_what_was_lost_says_where_and_what_was_on_air_instead(lossy, stories):
    applied = {(fact.transmitter, fact.version) for fact in lossy.applied}
    seen = set()
    for version, story in stories.items():
        for each in story.deliveries:
            seen.add(each.ending)
            assert (each.on_air is not None) == ((each.transmitter, version) in applied)
            assert (each.instead is None) == (each.on_air is not None)
            if each.ending is Ending.LOST:
                ended = lossy.ended[each.steps[-1].msg_id]
                assert (ended.fate, ended.reason, ended.t_ns) == ("lost", "loss", each.ended_ns)
                assert each.where == ended.hops[-1].link
                mine = [a for a in lossy.applied if a.transmitter == each.transmitter and a.t_ns <= each.ended_ns]
                assert each.instead.version == max(mine, key=lambda a: a.t_ns).version < version
            if each.ending is Ending.SUPERSEDED:
                newer = [a for a in lossy.applied if a.transmitter == each.transmitter and a.t_ns == each.ended_ns]
                assert newer[0].version > version
                assert each.held_ns == each.ended_ns - each.steps[-1].arrived_ns
    assert seen >= {Ending.APPLIED, Ending.LOST, Ending.SUPERSEDED}


def test_names_choose_by_age_and_by_loss(lossy):
    tables = tables_of(lossy)
    ages = sorted(fact.t_ns - fact.t_data_ns for fact in lossy.applied if fact.version)
    for name, age_ns in (("worst", ages[-1]), ("median", ages[len(ages) // 2])):
        story = tell(tables, find_solve(tables, name), lossy.spec.scenario.duration_ns)
        assert age_ns in {each.on_air.age_ns for each in story.deliveries if each.on_air}
    lost = max(
        (e for e in lossy.sent.values() if e.kind == "precoder" and lossy.ended[e.msg_id].fate == "lost"),
        key=lambda e: (e.t_send_ns, e.msg_id),
    )
    story = tell(tables, find_solve(tables, "last-lost"), lossy.spec.scenario.duration_ns)
    assert lost.msg_id in story.message_ids
    assert Ending.LOST in {each.ending for each in story.deliveries}


def test_one_transmitter_alone(lossy):
    whole, part = (story_of(lossy, "worst", transmitter=name) for name in (None, "uav"))
    assert [each.transmitter for each in part.deliveries] == ["uav"]
    assert part.inputs == whole.inputs
    assert part.message_ids < whole.message_ids


def test_an_edge_coordinator_hears_its_own_entity_first_hand(emulate):
    run = emulate(*QUIET, "twin.coordinator=edge:uav", "report.period_ms=50", duration_s=0.1)
    story = story_of(run, 1)
    up = {each.source: way(each.steps) for each in story.inputs}
    assert up["uav"] == [("csi", "uav", "edge:uav")]
    assert up["satellite"][-1] == ("share", "core:satellite", "edge:uav")
    down = {each.transmitter: way(each.steps) for each in story.deliveries}
    assert down["uav"] == [("precoder", "edge:uav", "uav")]
    assert story.message_ids == lineage(run, 1)
    assert sum(story.breakdown_ns().values()) == story.critical_delivery.ended_ns


def test_scheduled_activation_is_a_wait_until_one_instant(emulate):
    run = emulate(*QUIET, "twin.activation=scheduled", "twin.activation_margin_ms=15", duration_s=0.1)
    story = story_of(run, 1)
    instants = {each.ended_ns for each in story.deliveries}
    assert instants == {story.solve.finish_ns + 15 * MS}
    assert all(each.held_ns > 0 for each in story.deliveries)
    assert story.breakdown_ns()["activation"] == story.critical_delivery.held_ns
    text = [line.text for line in story_lines(story)]
    assert sum("until its scheduled instant" in line for line in text) == 3


def test_a_periodic_solve_waits_for_its_timer(emulate):
    run = emulate(*QUIET, "twin.trigger=periodic", "twin.period_ms=17", duration_s=0.2)
    story = story_of(run, 2)
    assert story.critical_input.waited_ns == story.solve.begin_ns - story.critical_input.last.finish_ns > 0
    parts = story.breakdown_ns()
    assert parts["timer"] == story.critical_input.waited_ns
    assert sum(parts.values()) == story.critical_delivery.ended_ns - story.critical_input.steps[0].data_ns
    assert any("for the timer" in line.text for line in story_lines(story))


def test_what_the_eavesdroppers_twin_heard_is_an_input_too(emulate):
    """Where a report is lost on its way up, what was sensed with it may still come: by way of her edge twin."""
    run = emulate("network.backhaul.loss=0.3", "twin.trigger=every", duration_s=0.6)
    tables = tables_of(run)
    solves = [find_solve(tables, str(fact.version)) for fact in run.solved if len(fact.inputs) > len(TRANSMITTERS)]
    inputs = [each for solve in solves for each in tell(tables, solve, run.spec.scenario.duration_ns).inputs]
    name = "base_station"  # all of this is in its clouds, so her twin is not far
    assert [
        ("csi", name, f"edge:{name}"),
        ("share", f"edge:{name}", "edge:eavesdropper"),
        ("sync", "edge:eavesdropper", "core:eavesdropper"),
        ("share", "core:eavesdropper", "core:base_station"),
    ] in [way(each.steps) for each in inputs]


def test_a_run_that_ends_early_tells_what_it_saw(quiet):
    whole = story_of(quiet, 1)
    solve = whole.solve
    during = story_of(quiet, 1, end_ns=solve.begin_ns + 1)
    assert (during.seen, during.deliveries) == (False, ())
    assert "the run ended before the solve was done" in next(story_lines(during)).text
    on_its_way = story_of(quiet, 1, end_ns=solve.finish_ns + 1)
    assert {each.ending for each in on_its_way.deliveries} == {Ending.IN_FLIGHT}
    assert {len(each.steps) for each in on_its_way.deliveries} == {1}
    last = max(each.steps[-1].arrived_ns for each in whole.deliveries)
    (waiting,) = [each for each in whole.deliveries if each.transmitter == "base_station"]
    early = story_of(quiet, 1, end_ns=waiting.ended_ns, transmitter="base_station")
    (held,) = early.deliveries
    assert (held.ending, held.held_ns, held.instead.version) == (Ending.HELD, waiting.held_ns, 0)
    assert any("for the command of uav, which was still on its way" in line.text for line in story_lines(early))
    for end_ns in range(solve.finish_ns, last + 2 * MS, MS // 2):
        story = story_of(quiet, 1, end_ns=end_ns + 1)
        assert story.message_ids <= whole.message_ids
        assert list(story_lines(story))
        assert story_json(story)


def test_without_a_solve_there_is_no_story(emulate):
    run = emulate("network.backhaul.latency_ms=100", duration_s=0.05)
    assert run.sent
    for which in ("1", "worst", "last-lost"):
        with pytest.raises(UsageError, match=f"version={which}: this run has no solve"):
            find_solve(tables_of(run), which)
    nothing = build_tables([], metrics_table([]), 0)
    with pytest.raises(UsageError, match="this run has no solve"):
        find_solve(nothing, "1")


def test_where_nothing_went_on_air_or_was_lost_names_say_so(quiet):
    first = min(fact.finish_ns for fact in quiet.solved)
    tables = tables_of(quiet, first + 1)
    for name in ("worst", "median"):
        with pytest.raises(UsageError, match=r"no precoder of a twin went on air in this run: say which version \(1\)"):
            find_solve(tables, name)
    with pytest.raises(UsageError, match="no precoder was lost or dropped in this run: take worst or median"):
        find_solve(tables, "last-lost")


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("0", "version=0: no twin solved for it: version 0 is local MRT, from a measurement of its own"),
        ("999", "version=999: no twin solved for it: of 1 to 3; or take worst, median or last-lost"),
        ("core:uav/1", "version=core:uav/1: no twin solved for it: of 1 to 3"),
        ("newest", "version=newest: must be a version (1 to 3), or worst, median or last-lost"),
        ("-1", "version=-1: must be a version"),
        ("9" * 40, "must be a version"),
        ("²", "version=²: must be a version"),
    ],
)
def test_a_version_that_never_was(quiet, which, message):
    with pytest.raises(UsageError) as raised:
        find_solve(tables_of(quiet), which)
    assert message in str(raised.value)


def test_a_twin_may_be_named_with_its_version(quiet):
    tables = tables_of(quiet)
    assert find_solve(tables, "core:base_station/2") == find_solve(tables, "2")


def test_the_text_fits_a_hundred_columns_and_names_every_message(stories):
    for story in stories.values():
        text = [line.text for line in story_lines(story)]
        assert max(map(len, text)) <= 100
        assert sum(" -> " in line for line in text) == sum(
            len(each.steps) for each in (*story.inputs, *story.deliveries)
        )
        starred = [line for line in text if line.startswith("*") and " -> " in line]
        critical = [*story.critical_input.steps, *(story.critical_delivery.steps if story.critical_delivery else ())]
        assert len(starred) == len(critical)
