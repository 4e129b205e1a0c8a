"""Where a loss came from, on whole runs: sums, what must be zero, and legs that grow when they are slowed."""

from dataclasses import replace

import numpy as np
import pytest

from entities.world import World
from scenarios.attribution import Sample, attribute, counterfactual_rates
from scenarios.attribution_legs import divided as divided_one
from scenarios.attribution_legs import shapley, telescoping
from scenarios.attribution_memory import recall
from scenarios.judge import evaluate, grid
from scenarios.load import from_dict, load
from scenarios.replay import Driven, steps
from scenarios.sagin.configure import world_params
from scenarios.sagin.retaken import Retaken
from scenarios.systems import system_of
from twin.emulation.streams import Streams
from twin.journal.facts import Applied
from twin.journal.schemas import LEGS
from twin.journal.statistics import half_width
from twin.journal.tables import metrics_table
from twin.signal.sagin import TRANSMITTERS

MS = 10**6
FAST = ("twin.solver=fast", "report.period_ms=10", "metrics.warmup_ms=100")
PREDICTING = (*FAST, "twin.predictor=wiener", "users.speed_mps=1", "uav.speed_mps=10")


def divided(run, seed=1, jobs=1, end_ns=None, **metrics):
    """The rows of the attribution of a run, as arrays by column."""
    spec = from_dict({**run.spec.as_dict(), "metrics": {**run.spec.as_dict()["metrics"], **metrics}})
    end_ns = spec.scenario.duration_ns if end_ns is None else end_ns
    rows = list(evaluate(system_of(spec), seed, run.facts, end_ns, jobs))
    legs = attribute(system_of(spec), seed, run.facts, metrics_table(rows), jobs)
    return {name: np.array([row[name] for row in legs]) for name in ("t_ns", "basis", "loss", *LEGS)}, rows


def worst_losses(rows):
    instants = sorted({row["t_ns"] for row in rows})
    by_time = {t_ns: [row for row in rows if row["t_ns"] == t_ns] for t_ns in instants}
    return np.array([min(r["fresh"] for r in rs) - min(r["secrecy"] for r in rs) for rs in by_time.values()])


@pytest.fixture(scope="module")
def default_run(emulate):
    return emulate(*PREDICTING, duration_s=0.5)


@pytest.fixture(scope="module")
def default_legs(default_run):
    return divided(default_run)


def test_legs_sum_to_the_loss_of_every_sample(default_legs):
    found, rows = default_legs
    assert set(found["basis"]) == {"counterfactual"}
    np.testing.assert_allclose(found["loss"], worst_losses(rows), atol=1e-12)
    np.testing.assert_allclose(sum(found[leg] for leg in LEGS), found["loss"], atol=1e-12)
    shares = {leg: found[leg].mean() / found["loss"].mean() for leg in LEGS}
    assert 0.1 < shares["sensing"] < 0.5
    assert 0.1 < shares["hold"] < 0.5
    assert shares["solve"] < shares["uplink"] < 0.3
    assert abs(shares["mixing"]) < 0.06


def test_rows_do_not_depend_on_the_number_of_threads(default_run, default_legs):
    one, _ = default_legs
    three, _ = divided(default_run, jobs=3)
    for leg in LEGS:
        np.testing.assert_array_equal(one[leg], three[leg])


def test_the_reference_shares_no_problem_among_threads(emulate):
    few = ("report.period_ms=40", "metrics.warmup_ms=70", "metrics.period_ms=17", "twin.max_iterations=2")
    run = emulate(*FAST, "twin.solver=reference", *few, duration_s=0.1)
    one, _ = divided(run, jobs=1)
    three, _ = divided(run, jobs=3)
    assert len(one["loss"]) == 2
    for leg in LEGS:
        np.testing.assert_array_equal(one[leg], three[leg])


def test_thinned_samples_are_rows_of_the_whole(default_run, default_legs):
    every, _ = default_legs
    some, _ = divided(default_run, attribution_samples=20)
    assert len(some["t_ns"]) == 20
    places = np.searchsorted(every["t_ns"], some["t_ns"])
    for leg in LEGS:
        np.testing.assert_allclose(every[leg][places], some[leg], atol=1e-9)
    assert len(divided(default_run, attribution="none")[0]["t_ns"]) == 0


def test_with_one_version_on_air_nothing_is_mixed(default_run, default_legs):
    """R(measured) is then the policy's own solve once more: the same answer to the solver's tolerance."""
    found, _ = default_legs
    applied = [fact for fact in default_run.facts if isinstance(fact, Applied)]
    alone = []
    for t_ns in found["t_ns"]:
        last = [max(f.version for f in applied if f.transmitter == n and f.t_ns <= t_ns) for n in TRANSMITTERS]
        alone.append(len(set(last)) == 1)
    alone = np.array(alone)
    assert 0.3 < alone.mean() < 1.0
    assert np.abs(found["mixing"][alone]).max() < 1e-3
    assert np.abs(found["mixing"][~alone]).max() > 1e-2


UNHEARD = 'fault=[{kind="partition", sites=["su", "au", "gu"], from_s=0, to_s=0.12}]'


@pytest.mark.parametrize(
    ("sets", "worlds"),
    [
        (("twin.predictor=wiener", "twin.taps=4"), 1e-9),
        (("twin.predictor=one_tap", "eavesdropper.csi_error=0.1"), 1e-9),
        (("twin.predictor=none", "network.radio.loss=0.2"), 1e-9),
        (("twin.trigger=every", "twin.predictor=wiener", "twin.activation=scheduled", "network.radio.loss=0.1"), 1e-9),
        (("twin.trigger=periodic", "twin.coordinator=edge:uav", "twin.predictor=wiener", UNHEARD), 1e-9),
        (("twin.coordinator=core:eavesdropper", "twin.predictor=wiener", "network.radio.loss=0.2"), 1e-9),
    ],
    ids=["wiener", "ball", "lost", "every", "edge", "sensed"],
)
def test_reports_taken_again_when_they_were_give_the_twins_own_predictions(emulate, sets, worlds):
    run = emulate(*FAST, "users.speed_mps=1", "uav.speed_mps=10", *sets, duration_s=0.25)
    taken = list(steps(system_of(run.spec), run.facts))
    known = recall(system_of(run.spec), taken, range(10**6))
    assert len(known) > 10
    streams = Streams(1)
    retaken, world = Retaken(run.spec, streams, list(known.values())), World(world_params(run.spec), streams)
    twin = Driven(system_of(run.spec))
    places = {version: place for place, version in enumerate(known)}
    for step in taken:
        twin.hear(step)
        knowledge = known.get(step.solved.version)
        if knowledge is None:
            continue
        expected = twin.coordinator.policy.predictor.predict(knowledge.aims_ns)
        for link in range(3):
            place, zero = np.array([places[knowledge.version]]), np.zeros(1, dtype=np.int64)
            (mean, variance), radius = retaken.moments(world, link, place, zero, np.array([knowledge.aims_ns[link]]))
            size = np.abs(expected.channels[link]).max()
            np.testing.assert_allclose(mean[0], expected.channels[link], atol=worlds * size)
            np.testing.assert_allclose(variance[0], expected.fading_var[link], atol=1e-9 * size**2)
            assert radius[0] * np.linalg.norm(mean[0, 3]) == pytest.approx(expected.radius[link], rel=1e-9, abs=1e-12)
        twin.coordinator.aim.note_solve(knowledge.version, knowledge.done_ns)


def test_milestones_follow_one_another(default_run):
    known = recall(system_of(default_run.spec), steps(system_of(default_run.spec), default_run.facts), range(10**6))
    for knowledge in known.values():
        for measured_ns, received_ns in zip(knowledge.measured_ns, knowledge.received_ns, strict=True):
            assert measured_ns < received_ns <= knowledge.begin_ns < knowledge.done_ns
        # The last of the three reports triggered the solve, as soon as the coordinator was free.
        assert 20_000 <= knowledge.begin_ns - max(knowledge.received_ns) < 200_000
        assert len(set(knowledge.measured_ns)) == 1


@pytest.mark.parametrize("predictor", ["none", "wiener"])
def test_perfect_estimates_have_nothing_to_lose_by_sensing(emulate, predictor):
    """The fast solver's tolerance: the genie and the twin solve the same problem from different starts."""
    run = emulate(*PREDICTING, f"twin.predictor={predictor}", "radio.pilot_snr_db=100", duration_s=0.4)
    found, _ = divided(run)
    assert np.abs(found["sensing"]).mean() < 1e-4
    assert found["loss"].mean() > 0.1


def test_without_delays_only_hold_and_sensing_are_left(emulate):
    """Links without latency, twins that cost a microsecond: what is left is light to the satellite, 0.3 ms away."""
    links = [f"network.{link}.{key}=0" for link in ("radio", "fronthaul", "backhaul", "core") for key in
             ("latency_ms", "jitter_ms")]  # fmt: skip
    rates = [f"network.{link}.rate_mbps=10000" for link in ("radio", "fronthaul", "backhaul", "core")]
    costs = ("twin.cost_us.handle=1", "twin.cost_us.solve=1", "satellite.height_km=100")
    run = emulate(
        *FAST, "users.speed_mps=0.5", "uav.speed_mps=4", "radio.pilot_snr_db=50", *links, *rates, *costs, duration_s=0.6
    )
    found, _ = divided(run)
    share = {leg: found[leg].mean() / found["loss"].mean() for leg in LEGS}
    for leg in ("uplink", "solve", "downlink", "mixing"):
        assert abs(share[leg]) < 0.03
    # The others' reports wait for the satellite's, 0.33 ms or 7 % of the mean hold of 5 ms.
    assert 0.0 < share["queue"] < 0.1
    assert share["hold"] > 0.8


def counterfactual_legs(run, division, uplink_ns, downlink_ns):
    """Legs of ten samples 7 ms after application, had uplink and downlink taken that long and nothing else any time."""
    taken = list(steps(system_of(run.spec), run.facts))
    known, samples = {}, []
    for version, k in recall(system_of(run.spec), taken, range(20, 30)).items():
        (measured_ns,) = set(k.measured_ns)
        solved_ns = measured_ns + uplink_ns
        known[version] = replace(k, received_ns=(solved_ns,) * 3, begin_ns=solved_ns, done_ns=solved_ns)
        applied_ns = solved_ns + downlink_ns
        samples.append(Sample(applied_ns + 7 * MS, 3.0, 2.0, (version,) * 3, (applied_ns,) * 3))
    vectors = {(f.transmitter, f.version): np.frombuffer(f.vector, "<c16") for f in run.of(Applied)}
    policy = system_of(run.spec).counterfactual(1, list(known.values()), vectors)
    rates = counterfactual_rates(samples, known, division, policy)
    return rates, [divided_one(division, 3.0, row, 2.0) for row in rates]


def test_delays_of_no_length_cost_nothing_at_all(default_run):
    """The same question gets the same answer, to the bit, and with hold alone both divisions agree."""
    for division in (telescoping(), shapley()):
        rates, found = counterfactual_legs(default_run, division, 0, 0)
        assert len(found) == 10
        for row, legs in zip(rates, found, strict=True):
            assert [legs[leg] for leg in ("uplink", "queue", "solve", "downlink")] == pytest.approx([0] * 4, abs=1e-14)
            assert legs["hold"] == pytest.approx(row[0] - row[-1], abs=1e-14)
            assert legs["hold"] != 0.0


def test_equally_long_legs_get_equal_shares_by_shapley(default_run):
    _, fair = counterfactual_legs(default_run, shapley(), 4 * MS, 4 * MS)
    _, plain = counterfactual_legs(default_run, telescoping(), 4 * MS, 4 * MS)
    for legs in fair:
        assert legs["uplink"] == pytest.approx(legs["downlink"], abs=1e-12)
    assert max(abs(legs["uplink"] - legs["downlink"]) for legs in plain) > 1e-2


@pytest.mark.parametrize(
    ("leg", "setting"), [("solve", "twin.cost_us.solve=5000"), ("downlink", "twin.activation_margin_ms=10")]
)
def test_a_slowed_leg_gains_and_the_others_keep_theirs(emulate, leg, setting):
    """Slow motion, where losses grow with age and nothing saturates; common seeds and instants."""
    slow = ("users.speed_mps=0.1", "uav.speed_mps=1", "radio.pilot_snr_db=50", "metrics.period_ms=11")
    base = (*FAST, *slow, "twin.activation=scheduled", "twin.activation_margin_ms=6")
    before, _ = divided(emulate(*base, duration_s=1.0))
    after, _ = divided(emulate(*base, setting, duration_s=1.0))
    for other in LEGS:
        change = after[other] - before[other]
        if other == leg:
            assert change.mean() > half_width(change)
            assert after[other].mean() > 1.4 * before[other].mean()
        else:
            assert abs(change.mean()) < half_width(before[other]) + half_width(after[other])


def test_shapley_legs_sum_and_agree_on_what_is_no_delay(default_run):
    plain, _ = divided(default_run, attribution_samples=20)
    fair, _ = divided(default_run, attribution="shapley", attribution_samples=20)
    np.testing.assert_allclose(sum(fair[leg] for leg in LEGS), fair["loss"], atol=1e-12)
    for leg in ("sensing", "mixing"):
        np.testing.assert_allclose(fair[leg], plain[leg], atol=1e-9)
    delays = ("uplink", "queue", "solve", "downlink", "hold")
    np.testing.assert_allclose(sum(fair[d] for d in delays), sum(plain[d] for d in delays), atol=1e-9)
    assert np.abs(fair["uplink"] - plain["uplink"]).max() > 1e-3


def test_before_the_first_precoder_the_loss_is_of_the_leg_that_it_is_in(emulate):
    run = emulate(*FAST, "metrics.warmup_ms=0", "metrics.period_ms=0.5", duration_s=0.05)
    found, rows = divided(run, end_ns=50 * MS)
    solved = run.solved[0]
    on_air_ns = max(min(f.t_ns for f in run.applied if f.version and f.transmitter == n) for n in TRANSMITTERS)
    legs = {"uplink": (0, solved.begin_ns), "solve": (solved.begin_ns, solved.finish_ns)}
    legs["downlink"] = (solved.finish_ns, on_air_ns)
    for leg, (low, high) in legs.items():
        inside = (found["t_ns"] >= low) & (found["t_ns"] < high)
        assert inside.any()
        assert set(found["basis"][inside]) == {"waiting"}
        np.testing.assert_array_equal(found[leg][inside], found["loss"][inside])
    assert set(found["basis"][found["t_ns"] >= on_air_ns]) == {"counterfactual"}
    np.testing.assert_allclose(sum(found[leg] for leg in LEGS), worst_losses(rows), atol=1e-12)


@pytest.mark.parametrize(
    "sets",
    [
        ("network.radio.loss=0.3", "twin.trigger=every", "twin.predictor=wiener"),
        ("twin.trigger=periodic", "twin.period_ms=13", "twin.coordinator=edge:eavesdropper", "twin.predictor=one_tap"),
        ("twin.robust=both", "eavesdropper.csi_error=0.1", "twin.predictor=wiener", "twin.coordinator=core:su"),
        ("twin.robust=ball", "eavesdropper.csi_error=0.2", "satellite.antennas=6", "base_station.antennas=2"),
        ("twin.solver=local",),
        ("twin.solver=zf_eve", "metrics.period_ms=50"),
        ("network.radio.loss=1",),
    ],
    ids=["every", "periodic", "both", "ball", "local", "zf", "nothing"],
)
def test_every_kind_of_twin_is_divided(emulate, sets):
    run = emulate(*FAST, "metrics.period_ms=11", *sets, duration_s=0.3)
    found, _ = divided(run)
    assert len(found["loss"]) > 3
    assert np.isfinite(found["loss"]).all()
    np.testing.assert_allclose(sum(found[leg] for leg in LEGS), found["loss"], atol=1e-9)
    if sets == ("network.radio.loss=1",):
        assert set(found["basis"]) == {"waiting"}
        np.testing.assert_array_equal(found["uplink"], found["loss"])
    else:
        assert (found["basis"] == "counterfactual").mean() > 0.8


def test_how_the_judge_looks_changes_no_digest(emulate):
    one = emulate(*FAST, "metrics.warmup_ms=0", duration_s=0.05)
    looked = ("metrics.warmup_ms=10", "metrics.attribution=shapley", "metrics.period_ms=3")
    other = emulate(*FAST, *looked, duration_s=0.05)
    assert one.digest == other.digest


def test_no_samples_no_rows(default_run):
    spec = default_run.spec
    assert attribute(system_of(spec), 1, default_run.facts, metrics_table([])) == []
    assert attribute(system_of(spec), 1, [], metrics_table([])) == []


def test_a_journal_that_was_cut_short_is_divided_as_far_as_it_goes(default_run, default_legs):
    """A prefix of the facts: what is on air at its end has its solve and its reports before it in the journal."""
    cut_ns = 300 * MS
    place = next(i for i, f in enumerate(default_run.facts) if isinstance(f, Applied) and f.t_ns >= cut_ns)
    short = replace(default_run, facts=default_run.facts[:place])
    found, _ = divided(short, end_ns=cut_ns)
    whole, _ = default_legs
    assert set(found["basis"]) == {"counterfactual"}
    for leg in LEGS:
        np.testing.assert_allclose(found[leg], whole[leg][: len(found[leg])], atol=1e-9)


def test_grid_is_fixed_where_it_sees_the_loop_from_everywhere_and_moves_on_where_it_does_not():
    seven = load("sagin", ["metrics.warmup_ms=100", "metrics.period_ms=7", "report.period_ms=10"])
    assert grid(system_of(seven), 200 * MS) == list(range(100 * MS, 200 * MS, 7 * MS))
    for setting in ("report.period_ms=7", "report.period_ms=14", "report.period_ms=3.5"):
        spec = load("sagin", ["metrics.warmup_ms=100", "metrics.period_ms=7", setting])
        instants = np.array(grid(system_of(spec), 7100 * MS))
        assert len(instants) == 1000
        # One in each period, and as many in every tenth of the loop.
        np.testing.assert_array_equal((instants - 100 * MS) // (7 * MS), np.arange(1000))
        phases = np.histogram(instants % spec.report.period_ns, bins=10, range=(0, spec.report.period_ns))[0]
        assert phases.min() >= 90
        assert phases.max() <= 110
    assert grid(system_of(load("sagin", ["metrics.period_ms=10"])), 201 * MS) == [200 * MS]
    solves = ["twin.trigger=periodic", "twin.period_ms=14", "metrics.period_ms=7", "report.period_ms=10"]
    assert grid(system_of(load("sagin", solves)), 300 * MS)[1] != 207 * MS
