"""Faults in a scenario: one clear line for every mistake, what they name in the network, and who else is told."""

import pytest

from scenarios import faults
from scenarios.build import run_id
from scenarios.commands.warn import write_warnings
from scenarios.faults_view import fault_lines
from scenarios.load import from_dict, load
from scenarios.spec_faults import KINDS
from scenarios.systems import system_of
from scenarios.terminal import grouped
from twin.errors import ScenarioError

SPAN = "from_s=1, to_s=2"


def spec(*tables, scenario="sagin", sets=()):
    return load(scenario, [f"fault=[{', '.join(tables)}]", *sets])


def refusal(*tables):
    with pytest.raises(ScenarioError) as caught:
        spec(*tables)
    return str(caught.value)


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("{kind='nope', from_s=1, to_s=2}", 'fault[0].kind = "nope": must be "loss_burst", "duplication", "reordering", '),
        ("{from_s=1, to_s=2}", 'fault[0].kind: missing, must be "loss_burst", '),
        ("{kind='loss_burst', from_s=1, to_s=2}", "fault[0].link: missing, must be text (--set)"),
        ("{kind='loss_burst', link='radio', to_s=2}", "fault[0].from_s: missing, must be 0 to 3600 s (--set)"),
        ("{kind='loss_burst', link='radio', share=1.5, from_s=1, to_s=2}", "fault[0].share = 1.5: must be 0 to 1 (--set)"),
        ("{kind='loss_burst', link='radio', from_s=2, to_s=2}", "fault[0].to_s = 2: must be more than from_s, 2 s (--set)"),
        ("{kind='loss_burst', link='radio', colour=1, from_s=1, to_s=2}", "fault[0].colour: unknown key; "),
        ("{kind='delay_spike', link='radio', delay_ms=1, share=1, from_s=1, to_s=2}",
         "fault[0].share: delay_spike has no such key (--set)"),
        ("{kind='loss_burst', link='radoi', from_s=1, to_s=2}",
         'fault[0].link = "radoi": must be "radio", "fronthaul", "backhaul", '),
        ("{kind='link_outage', link='uav - su', from_s=1, to_s=2}",
         'fault[0].link = "uav - su": must be "radio", "fronthaul", '),
        ("{kind='partition', sites=['uav', 'moon'], from_s=1, to_s=2}",
         'fault[0].sites = ["uav", "moon"]: moon is none: must name sites of the network: au, base_station, '),
        ("{kind='partition', sites=[], from_s=1, to_s=2}", "fault[0].sites = []: must be a list of 1 to 100 names"),
        ("{kind='loss_burst', link='', from_s=1, to_s=2}", 'fault[0].link = "": must be "radio", "fronthaul", '),
        ("{kind='replay', delay_ms=1, from_s=1, to_s=2}", 'fault[0].link = "": must be given, or entity, but not both'),
        ("{kind='replay', link='radio', entity='uav', delay_ms=1, from_s=1, to_s=2}",
         'fault[0].link = "radio": must be given, or entity, but not both'),
        ("{kind='clock_skew', entity='moon', from_s=1, to_s=2}",
         'fault[0].entity = "moon": must be an entity of the scenario (satellite, uav, base_station, su, au, gu, '),
        ("{kind='clock_skew', entity='uav', drift_ppm=1e6, from_s=1, to_s=2}",
         "fault[0].drift_ppm = 1000000: must be -100000 to 100000 ppm (--set)"),
        ("{kind='twin_crash', twin='uav', from_s=1, to_s=2}", 'fault[0].twin = "uav": must be edge:X or core:X with X '),
        ("'x'", 'fault = ["x"]: must be a list of at most 1000 tables with from_s, to_s and kind, and what each kind has'),
    ],
)  # fmt: skip
def test_every_mistake_is_one_line_that_says_what_is_allowed(table, line):
    message = refusal(table)
    assert message.startswith(line)
    assert "\n" not in message


@pytest.mark.parametrize("keys", ["kind='twin_crash', twin='core:uav'", "kind='clock_skew', entity='uav'"])
def test_a_twin_that_is_down_cannot_crash_and_a_wrong_clock_cannot_go_wrong(keys):
    first, second = f"{{{keys}, from_s=1, to_s=2}}", f"{{{keys}, from_s=2, to_s=3}}"
    assert refusal(first, second).startswith("fault[1].from_s = 2: must not meet its other fault, 1 to 2 s")
    assert len(spec(first, f"{{{keys}, from_s=2.1, to_s=3}}").fault) == 2


def test_the_same_fault_twice_is_refused_and_overlapping_ones_are_not():
    burst = f"{{kind='loss_burst', link='radio', {SPAN}}}"
    assert refusal(burst, burst).startswith("fault[1].from_s = 1: must not meet its other fault")
    assert len(spec(burst, "{kind='loss_burst', link='radio', from_s=1, to_s=3}").fault) == 2


def test_a_scenario_without_faults_is_called_what_it_was_called_and_one_with_a_crash_too():
    assert "fault" not in load("sagin").identity()
    crash = spec(f"{{kind='twin_crash', twin='core:uav', {SPAN}}}")
    assert crash.identity()["fault"] == [{"kind": "twin_crash", "twin": "core:uav", "from_s": 1.0, "to_s": 2.0}]
    assert run_id(crash, 1) != run_id(load("sagin"), 1)
    assert from_dict(crash.as_dict()) == crash


def test_links_are_looked_up_both_ways_and_entities_at_their_own_site():
    system = system_of(
        spec(
            f"{{kind='loss_burst', link='radio', share=0.5, {SPAN}}}",
            f"{{kind='reordering', link='uav - au', delay_ms=3, {SPAN}}}",
            f"{{kind='replay', entity='gu', delay_ms=2, {SPAN}}}",
            f"{{kind='partition', sites=['core-cloud:uav'], {SPAN}}}",
            f"{{kind='twin_crash', twin='core:uav', {SPAN}}}",
        )
    )
    graph = system.graph()
    burst, reordering, replay, cut = faults.link_faults(system.spec.fault, graph, system.sites())
    radio = {(a, b) for a, b, params in graph.edges(data="params") if params.kind == "radio"}
    assert burst.links == radio | {(b, a) for a, b in radio}
    assert (burst.share, burst.from_ns, burst.to_ns, burst.number) == (0.5, 10**9, 2 * 10**9, 0)
    assert (reordering.links, reordering.delay_ns) == ({("uav", "au"), ("au", "uav")}, 3_000_000)
    assert (replay.links, replay.senders) == ({("gu", "base_station")}, {"gu"})
    assert cut.links == {
        pair for b in graph["core-cloud:uav"] for pair in (("core-cloud:uav", b), (b, "core-cloud:uav"))
    }
    assert [crash.number for crash in faults.crashes(system.spec.fault)["core:uav"]] == [4]
    assert [span.target for span in faults.spans(system.spec.fault)] == [
        "radio", "uav - au", "gu", "core-cloud:uav", "core:uav",
    ]  # fmt: skip


def test_every_port_of_an_entity_has_its_clock():
    skewed = spec(f"{{kind='clock_skew', entity='pair2', offset_ms=-3, {SPAN}}}", scenario="interference")
    clocks = faults.clocks(skewed.fault, system_of(skewed).sites())
    assert set(clocks) == {"pair2", "rx:pair2"}
    assert clocks["rx:pair2"].reading_ns(1_500_000_000) == 1_497_000_000


def test_every_kind_is_named_on_the_page_of_keys_and_can_be_asked_for(pytestconfig):
    page = (pytestconfig.rootpath / "docs" / "scenario-keys.md").read_text(encoding="utf-8")
    assert len(KINDS) == 9
    assert all(f'| `"{kind}"` |' in page for kind in KINDS)


def test_what_begins_when_the_run_is_over_is_warned_of(capsys):
    late = f"{{kind='loss_burst', link='radio', {SPAN}}}"
    outage = "network.outage=[{link='core', from_s=1.5, to_s=1.7}]"
    write_warnings(spec(late, sets=(outage, "scenario.duration_s=1")))
    assert capsys.readouterr().err.splitlines() == [
        "warning: fault[0], loss_burst of radio, begins at 1 s: the run is over at 1 s",
        "warning: network.outage[0] of core begins at 1.5 s: the run is over at 1 s",
    ]
    write_warnings(spec(late, sets=(outage, "scenario.duration_s=1.6")))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("scenario", "fault", "why"),
    [
        ("sagin", "kind='replay', entity='eavesdropper', delay_ms=2", "eavesdropper sends nothing"),
        ("hisac", "kind='clock_skew', entity='target', offset_ms=2", "target sends nothing"),
        ("interference", "kind='replay', entity='eavesdropper', delay_ms=2", "eavesdropper sends nothing"),
        ("interference", "kind='partition', sites=['eavesdropper']", "no link joins what it cuts off to another site"),
        ("sagin", "kind='clock_skew', entity='uav'", "the clock is right"),
        ("sagin", "kind='duplication', link='core', share=0", "share=0"),
        ("sagin", "kind='delay_spike', link='core', delay_ms=0", "delay_ms=0"),
    ],
)
def test_what_can_strike_nothing_is_warned_of(scenario, fault, why, capsys):
    strikes = "kind='replay', entity='gu', delay_ms=0" if scenario == "sagin" else "kind='loss_burst', link='core'"
    write_warnings(spec(f"{{{strikes}, {SPAN}}}", f"{{{fault}, {SPAN}}}", scenario=scenario))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: fault[1], ")
    assert line.endswith(f", strikes nothing: {why}")


def test_the_terminal_has_a_line_per_fault_and_counts_what_it_leaves_out():
    struck = dict.fromkeys(("lost", "dropped", "duplicated", "replayed", "delayed", "skewed"), 0)
    fault = {
        "kind": "loss_burst", "target": "radio", "from_s": 0.5, "to_s": 0.7, "messages": struck | {"lost": 1234},
        "secrecy_loss": 2.246, "secrecy_loss_outside": 1.2,
    }  # fmt: skip
    quiet = fault | {"messages": struck, "target": "x" * 60, "secrecy_loss": None}
    lines = list(fault_lines({"faults": [fault, quiet, fault, fault, fault, fault, fault]}))
    cost = "loss 2.25 bit/s/Hz then, 1.20 without faults"
    assert lines[0] == ("fault", f"loss burst of radio, 0.5 to 0.7 s: {grouped(1234)} lost; {cost}")
    assert "no message struck; no sample of the metrics then" in lines[1][1]
    assert len(lines[1][1]) < 120
    assert lines[-1] == ("", "and 2 more, in summary.json and on the page")
    assert list(fault_lines({})) == []
