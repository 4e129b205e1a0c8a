"""Quasi-Newton ascents on the sum of all rates at once, for who knows every channel.

Pair i's precoders are G_i = sqrt(P_i / (1 + ||z_i||^2)) z_i, so that every z meets the budget, Kong et al., eq. (2);
L-BFGS-B climbs the mean over draws (one where nothing is uncertain) by its exact gradient.
"""

from typing import Final

import numpy as np
from scipy.optimize import minimize

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.pricing.problem import InterferenceProblem, Precoders

_SEED: Final = 3
_NEARLY_FULL: Final = 1.0 - 1e-9


class SumRate:
    """The sum over pairs of the mean of C_R - C_E in nat, and its gradient by the precoders."""

    def __init__(self, problem: InterferenceProblem, draws: tuple[int, int]) -> None:
        self._problem = problem
        if problem.certain:
            self._channels, self._eves = problem.channels[None], problem.eve_channels[None]
        else:
            self._channels, self._eves = problem.draws(_SEED, draws[0], -(-draws[1] // draws[0]))
        self._others = 1.0 - np.eye(problem.pairs)

    def at(self, both: ComplexArray) -> tuple[float, ComplexArray]:
        """Value and gradient 2 df/dG* (K, N_T, d) at G = [L Q]; Re tr(gradient^H dG) is the change of the value."""
        first, first_slope = self._receivers(both)
        second, second_slope = self._eavesdropper(both)
        return first - second, 2.0 * (first_slope - second_slope)

    def _receivers(self, both: ComplexArray) -> tuple[float, ComplexArray]:
        """Sum of C_R: H_ii^H T_i^-1 H_ii Q_i is its slope by Q_i, -H_ji^H Pi_j H_ji that of what j loses."""
        d_a, draws = self._problem.noise_streams, len(self._channels)
        sent = self._channels @ both
        grams = sent @ _adjoint(sent)
        own = np.einsum("...jjab->...jab", sent)
        noise = np.eye(sent.shape[-2]) + (grams * self._others[:, :, None, None]).sum(axis=-3)
        noise = noise + own[..., :d_a] @ _adjoint(own[..., :d_a])
        total = noise + own[..., d_a:] @ _adjoint(own[..., d_a:])
        value = float((np.linalg.slogdet(total)[1] - np.linalg.slogdet(noise)[1]).sum()) / draws
        inverse = np.linalg.inv(total)
        price = np.linalg.inv(noise) - inverse
        backward = _adjoint(self._channels) @ (price[..., :, None, :, :] @ sent)
        slope = -backward.sum(axis=(0, 1)) / draws
        signal = own[..., d_a:]
        main = _adjoint(np.einsum("...jjab->...jab", self._channels))
        # The own signal is no interference: give its share of the price back, and what it gains.
        slope[..., d_a:] += (main @ ((inverse + price) @ signal)).mean(axis=0)
        return value, np.asarray(slope)

    def _eavesdropper(self, both: ComplexArray) -> tuple[float, ComplexArray]:
        """Sum of C_E, with its slopes H_E^H T_E^-1 H_E Q and H_E^H (T_E^-1 - N_E^-1) H_E L."""
        d_a, draws = self._problem.noise_streams, len(self._eves)
        sent = self._eves @ both
        noise = np.eye(sent.shape[-2]) + sent[..., :d_a] @ _adjoint(sent[..., :d_a])
        total = noise + sent[..., d_a:] @ _adjoint(sent[..., d_a:])
        value = float((np.linalg.slogdet(total)[1] - np.linalg.slogdet(noise)[1]).sum()) / draws
        answer = np.linalg.solve(total, sent)
        answer[..., :d_a] -= np.linalg.solve(noise, sent[..., :d_a])
        return value, np.asarray((_adjoint(self._eves) @ answer).mean(axis=0))


def _adjoint(a: ComplexArray) -> ComplexArray:
    return np.asarray(np.swapaxes(a, -1, -2).conj())


def ascend(problem: InterferenceProblem, goal: SumRate, start: Precoders, steps: int) -> tuple[Precoders, float, int]:
    """Precoders, their value in nat and the steps of one quasi-Newton ascent."""
    d_a = problem.noise_streams
    both = np.concatenate([start[1], start[0]], axis=2)
    budget = problem.powers_mw[:, None, None]
    share = np.minimum((both.real**2 + both.imag**2).sum(axis=(1, 2), keepdims=True) / budget, _NEARLY_FULL)
    z = both / np.sqrt(budget * (1.0 - share))

    def spread(x: RealArray) -> tuple[ComplexArray, RealArray, RealArray]:
        z = x.view(np.complex128).reshape(both.shape)
        size = 1.0 + (z.real**2 + z.imag**2).sum(axis=(1, 2), keepdims=True)
        return z, size, np.sqrt(budget / size)

    def loss(x: RealArray) -> tuple[float, RealArray]:
        z, size, scale = spread(x)
        value, slope = goal.at(scale * z)
        along = (slope.conj() * z).real.sum(axis=(1, 2), keepdims=True)
        slope = np.ascontiguousarray(scale * (slope - along / size * z))
        return -value, -slope.view(np.float64).ravel()

    x = np.ascontiguousarray(z).view(np.float64).ravel()
    found = minimize(loss, x, jac=True, method="L-BFGS-B", options={"maxiter": steps, "ftol": 1e-12, "gtol": 1e-9})
    z, _, scale = spread(np.ascontiguousarray(found.x))
    both = scale * z
    return (np.asarray(both[:, :, d_a:]), np.asarray(both[:, :, :d_a])), -float(found.fun), int(found.nit)
