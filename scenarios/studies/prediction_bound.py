"""What could be had at best on the law that a prediction states: precoders by sample average approximation.

The law of a link is CN(mean, s2 I), all links independent. The mean over fixed draws of the smooth minimum rate is
maximised by L-BFGS with analytic gradients, from the answer of a solver for expected powers: a local optimum, and one
of the samples and not of the law, so a bound that is near and not strict.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize

from twin.nodes.predictor import Prediction
from twin.signal.arrays import ComplexArray, RealArray
from twin.signal.sagin import RECEIVERS, TRANSMITTERS

SHARPNESS: Final = 20.0
"""b of the smooth minimum -log(sum_k exp(-b R_k)) / b of rates in nat: at most log(3) / b = 0.055 nat too low."""
MAX_ITERATIONS: Final = 150
_SLACK: Final = 0.1
"""Where the ascent starts inside the power budget: at the boundary itself the slope across it vanishes."""
_OTHERS: Final = 1.0 - np.eye(len(TRANSMITTERS))


def standard_draws(rng: np.random.Generator, samples: int, antennas: int) -> ComplexArray:
    """Errors CN(0, 1) of all links in pairs of opposite sign: (3, S, 4, N) with S = `samples`, an even number."""
    shape = (2, len(TRANSMITTERS), samples // 2, len(RECEIVERS), antennas)
    parts = rng.standard_normal(shape) * np.sqrt(0.5)
    half = parts[0] + 1j * parts[1]
    return np.concatenate((half, -half), axis=1)


def drawn(prediction: Prediction, draws: ComplexArray) -> ComplexArray:
    """Channels (3, S, 4, N) of a prediction's law, by standard draws of that shape."""
    means = np.stack(prediction.channels)[:, None]
    return np.asarray(means + np.sqrt(prediction.error_var)[:, None, :, None] * draws)


@dataclass(frozen=True, slots=True, eq=False)
class SampleAverage:
    """Mean over samples of the smooth minimum rate, as a function of an unconstrained vector.

    Transmitter j has v_j = (Re z, Im z, t) in R^(2N + 1) and uses x_j = sqrt(P_j) z / ||v_j||: the whole ball
    ||x_j||^2 <= P_j, its boundary at t = 0. `channels` is (3, S, 4, N), rows c_jk^T in 1/sqrt(mW).
    """

    channels: ComplexArray
    powers_mw: tuple[float, ...]

    def start(self, precoders: Sequence[ComplexArray]) -> RealArray:
        """The vector of precoders within their budgets, moved slightly inwards where they use all of it."""
        parts = []
        for x, power in zip(precoders, self.powers_mw, strict=True):
            z = x / np.sqrt(power)
            slack = max(np.sqrt(max(1.0 - np.vdot(z, z).real, 0.0)), _SLACK)
            parts.append(np.concatenate((z.real, z.imag, [slack])))
        return np.concatenate(parts)

    def precoders(self, vector: RealArray) -> ComplexArray:
        """The precoders (3, N) of a vector, in sqrt(mW)."""
        v = vector.reshape(len(self.powers_mw), -1)
        antennas = v.shape[1] // 2
        scale = np.sqrt(self.powers_mw) / np.sqrt((v**2).sum(axis=1))
        return np.asarray(scale[:, None] * (v[:, :antennas] + 1j * v[:, antennas:-1]))

    def value(self, vector: RealArray) -> tuple[float, RealArray]:
        """The mean in nat and its gradient.

        With p_jk = |c_jk^H x_j|^2, R_k = log(1 + sum_j p_jk) - log(1 + sum_{j != k} p_jk) less the same at the
        eavesdropper, w the weights of the smooth minimum and W_jk = sum_l w_l dR_l / dp_jk, the slope along x_j
        is 2 sum_k W_jk c_jk c_jk^H x_j.
        """
        links, samples, receivers, antennas = self.channels.shape
        flat = self.channels.reshape(links, samples * receivers, antennas)
        x = self.precoders(vector)
        heard = np.matmul(flat.conj(), x[:, :, None])[..., 0].reshape(links, samples, receivers)
        mean, weights = self._minimum(heard.real**2 + heard.imag**2)
        pulled = (weights * heard).reshape(links, 1, samples * receivers)
        slope = 2.0 * np.matmul(pulled, flat)[:, 0] / samples * np.sqrt(self.powers_mw)[:, None]
        v = vector.reshape(links, -1)
        size = np.sqrt((v**2).sum(axis=1, keepdims=True))
        along = np.concatenate((slope.real, slope.imag, np.zeros((links, 1))), axis=1)
        radial = (along * v).sum(axis=1, keepdims=True) / size**2
        return mean, ((along - radial * v) / size).ravel()

    @staticmethod
    def _minimum(powers: RealArray) -> tuple[float, RealArray]:
        """Mean of the smooth minimum over powers (3, S, 4), and its slopes (3, S, 4) times S."""
        users, eve = powers[:, :, :-1], powers[:, :, -1]
        all_users, all_eve = 1.0 + users.sum(axis=0), 1.0 + eve.sum(axis=0)
        # Entry (s, k): what user k's own signal leaves as noise.
        other_users = 1.0 + np.einsum("jsk,jk->sk", users, _OTHERS)
        other_eve = 1.0 + eve.T @ _OTHERS
        rates = np.log(all_users / other_users) - np.log(all_eve[:, None] / other_eve)
        least = rates.min(axis=1, keepdims=True)
        weights = np.exp(-SHARPNESS * (rates - least))
        total = weights.sum(axis=1, keepdims=True)
        mean = float((least - np.log(total) / SHARPNESS).mean())
        weights /= total
        slopes = np.empty_like(powers)
        slopes[:, :, :-1] = (weights / all_users)[None] - _OTHERS[:, None, :] * (weights / other_users)[None]
        slopes[:, :, -1] = _OTHERS @ (weights / other_eve).T - 1.0 / all_eve
        return mean, slopes


def sample_average_precoders(
    channels: ComplexArray, powers_mw: tuple[float, ...], start: Sequence[ComplexArray]
) -> tuple[ComplexArray, ...]:
    """Precoders that maximise the mean smooth minimum rate over channels (3, S, 4, N), uphill from `start`."""
    average = SampleAverage(channels, powers_mw)

    def descent(vector: RealArray) -> tuple[float, RealArray]:
        mean, slope = average.value(vector)
        return -mean, -slope

    found = minimize(
        descent, average.start(start), jac=True, method="L-BFGS-B", options={"maxiter": MAX_ITERATIONS, "ftol": 1e-7}
    )
    return tuple(average.precoders(found.x))
