"""What beams are worth in the true channels, by explicit loops; who decodes the sensing stream, and what if not."""

import numpy as np
import pytest

from scenarios.hisac.quantities import QUANTITIES, columns, summary
from scenarios.hisac.worth import Scale, Worth, worth
from twin.journal.schemas import METRICS
from twin.journal.tables import metrics_table

RNG = np.random.default_rng(11)
SCALE = Scale(threshold=0.5, circuit_w=11.0, echo_gain=14.5)


def drawn(*shape):
    return RNG.normal(size=shape) + 1j * RNG.normal(size=shape)


def by_loops(channels, beams, threshold):
    """Secrecy rate and the least common and private rates of two users."""
    (h, g), (w, o) = channels, beams
    power = lambda row, column: abs(np.vdot(row, column)) ** 2  # noqa: E731
    sinr = []
    for who in (0, 1):
        noise = 1.0 + sum(power(g[who], column) for column in o.T)
        data, sensing = power(h[who], w[:, 0]), power(h[who], w[:, 1])
        sinr.append(data / noise if sensing / (data + noise) >= threshold else data / (sensing + noise))
    common, private = [], []
    for n in range(len(g) - 2):
        foreign = 1.0 + sum(power(h[3 + n], column) for column in w.T)
        heard = [power(g[2 + n], column) for column in o.T]
        common.append(np.log2(1 + heard[0] / (sum(heard[1:]) + foreign)))
        private.append(np.log2(1 + heard[n + 1] / (sum(heard[1:]) - heard[n + 1] + foreign)))
    return max(np.log2(1 + sinr[0]) - np.log2(1 + sinr[1]), 0.0), min(common), min(private), sinr


@pytest.mark.parametrize("threshold", [1e-3, 0.5, 3.0, 1e3])
def test_worth_is_what_the_loops_say(threshold):
    for _ in range(20):
        channels, beams = (drawn(5, 4), drawn(4, 6)), (drawn(4, 2) * 3.0, drawn(6, 3) * 0.3)
        found = worth(channels, beams, SCALE._replace(threshold=threshold))
        secrecy, common, private, sinr = by_loops(channels, beams, threshold)
        assert (found.secrecy, found.common, found.private) == pytest.approx((secrecy, common, private))
        assert (found.bob, found.eve) == pytest.approx(tuple(sinr))
        sent_w = (np.linalg.norm(beams[0]) ** 2 + np.linalg.norm(beams[1]) ** 2) / 1e3
        assert found.see == pytest.approx(secrecy / (sent_w + 11.0))
        target = channels[0][2]
        lit = sum(abs(np.vdot(target, column)) ** 2 for column in beams[0].T)
        assert found.scnr == pytest.approx(0.5 * 14.5 * np.vdot(target, target).real * lit)


def test_streams_beyond_the_users_are_noise_to_them():
    channels, beams = (drawn(5, 4), drawn(4, 6)), (drawn(4, 2), drawn(6, 4) * 0.3)
    heard = np.abs(channels[1][2:].conj() @ beams[1][:, 3]) ** 2
    found = worth(channels, beams, SCALE)
    rates = []
    for n in range(2):
        noise = 1.0 + heard[n] + sum(abs(np.vdot(channels[0][3 + n], column)) ** 2 for column in beams[0].T)
        own = [abs(np.vdot(channels[1][2 + n], beams[1][:, k])) ** 2 for k in (1, 2)]
        rates.append(np.log2(1 + own[n] / (own[1 - n] + noise)))
    assert found.private == pytest.approx(min(rates))


def row(t_ns, actual, fresh):
    plain = dict.fromkeys(METRICS.names, 0.0) | {"t_ns": t_ns, "user": "bob", "age_ns": 0}
    return plain | columns(actual, fresh, actual, actual, actual)


def test_the_summary_has_means_losses_and_what_is_missed():
    good = Worth(2.0, 0.05, 1.0, 1.2, 1.0, 5.0, 0.1)
    poor = Worth(1.0, 0.03, 0.1, 0.8, 1.0, 3.0, 0.1)
    rows = [row(0, good, good), row(1, poor, good), row(2, poor, None)]
    table = metrics_table(rows, QUANTITIES)
    assert table.schema.names == [*METRICS.names, *QUANTITIES]
    found = summary(table, {"scnr_db": -3.0103, "common_rate": 1.0, "private_rate": 1.0})
    assert found["see"]["mean"] == pytest.approx(0.11 / 3)
    assert found["see"]["fresh_mean"] == pytest.approx(0.05)
    assert found["see"]["staleness_loss"] == pytest.approx(0.01)  # where the genie has an answer
    assert found["see"]["staleness_share"] == pytest.approx(0.2)
    assert found["scnr"]["mean_db"] == pytest.approx(-20 / 3)
    assert found["scnr"]["missed"] == pytest.approx(2 / 3)
    assert found["scnr"]["fresh_missed"] == 0.0
    assert found["common_rate"]["missed"] == pytest.approx(2 / 3)
    assert found["private_rate"]["missed"] == 0.0


def test_a_summary_of_no_samples_has_nothing_to_say():
    found = summary(metrics_table([], QUANTITIES), {"scnr_db": 0.0, "common_rate": 1.0, "private_rate": 1.0})
    assert found["see"]["mean"] is found["see"]["staleness_share"] is found["scnr"]["missed"] is None
