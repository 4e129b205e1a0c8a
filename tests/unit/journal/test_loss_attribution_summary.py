"""Legs averaged over a run and over the time on air, against explicit loops."""

import numpy as np
import pyarrow as pa
import pytest

from twin.journal.attribution import loss_attribution, losses_on_air
from twin.journal.schemas import ATTRIBUTION, LEGS
from twin.journal.statistics import half_width

MS = 10**6


def table(count, step_ms=7, seed=3, scale=1.0, basis="counterfactual"):
    rng = np.random.default_rng(seed)
    rows = []
    for index in range(count):
        legs = dict(zip(LEGS, scale * (0.1 + rng.random(7)), strict=True))
        rows.append({"t_ns": index * step_ms * MS, "basis": basis, "loss": sum(legs.values()), **legs})
    return pa.Table.from_pylist(rows, schema=ATTRIBUTION)


def column(divided, leg):
    return np.array(divided[leg].to_pylist())


def test_nothing_divided_is_null():
    keys = {"loss_attribution": None, "loss_attribution_ci95": None, "loss_attribution_samples": None}
    assert loss_attribution(ATTRIBUTION.empty_table(), 1.0, 10) == keys
    assert loss_attribution(table(3), None, 0) == keys


def test_every_sample_divided_gives_plain_means_and_their_intervals():
    divided = table(40)
    loss = float(np.mean(column(divided, "loss")))
    found = loss_attribution(divided, loss, 40)
    assert tuple(found["loss_attribution"]) == LEGS
    for leg in LEGS:
        assert found["loss_attribution"][leg] == pytest.approx(np.mean(column(divided, leg)), abs=1e-12)
        assert found["loss_attribution_ci95"][leg] == half_width(column(divided, leg))
    assert sum(found["loss_attribution"].values()) == pytest.approx(loss, abs=1e-12)
    assert found["loss_attribution_samples"] == {
        "all": 40,
        "divided": 40,
        "divided_loss": pytest.approx(loss, rel=1e-15),
        "counterfactual": 40,
        "waiting": 0,
        "unknown": 0,
    }


def test_a_part_of_the_samples_is_scaled_to_the_loss_of_all():
    divided = table(40)
    own = float(np.mean(column(divided, "loss")))
    found = loss_attribution(divided, 1.25 * own, 400)
    for leg in LEGS:
        assert found["loss_attribution"][leg] == pytest.approx(1.25 * np.mean(column(divided, leg)), abs=1e-12)
        assert found["loss_attribution_ci95"][leg] == pytest.approx(1.25 * half_width(column(divided, leg)))
    assert sum(found["loss_attribution"].values()) == pytest.approx(1.25 * own, abs=1e-12)
    assert found["loss_attribution_samples"]["divided_loss"] == pytest.approx(own)


@pytest.mark.parametrize("loss", [-0.5, 0.0, 50.0])
def test_a_part_that_is_no_picture_of_the_rest_is_not_scaled(loss):
    divided = table(10)
    found = loss_attribution(divided, loss, 400)["loss_attribution"]
    assert found["hold"] == pytest.approx(np.mean(column(divided, "hold")))
    assert sum(found.values()) == pytest.approx(loss, abs=1e-12)


def test_few_samples_have_no_interval():
    found = loss_attribution(table(19), 1.0, 19)
    assert set(found["loss_attribution_ci95"].values()) == {None}


def test_applications_get_the_mean_over_the_samples_while_they_were_on_air():
    divided = table(30)
    applied = [(0, "uav"), (3 * MS, "satellite"), (35 * MS, "uav"), (36 * MS, "uav"), (70 * MS, "satellite")]
    applied_ns, names = np.array([t for t, _ in applied]), [name for _, name in applied]
    found = list(losses_on_air(applied_ns, names, divided))
    times = divided["t_ns"].to_pylist()
    for (start, name), losses in zip(applied, found, strict=True):
        stop = min((t for t, other in applied if other == name and t > start), default=np.inf)
        inside = [index for index, t in enumerate(times) if start <= t < stop]
        assert losses["loss_samples"] == len(inside)
        for leg in LEGS:
            expected = np.mean(column(divided, leg)[inside]) if inside else None
            assert losses[f"loss_{leg}"] == pytest.approx(expected, abs=1e-12)
    assert [losses["loss_samples"] for losses in found] == [5, 9, 1, 24, 20]
    (nothing,) = losses_on_air(np.array([0]), ["uav"], ATTRIBUTION.empty_table())
    assert nothing["loss_samples"] == 0
