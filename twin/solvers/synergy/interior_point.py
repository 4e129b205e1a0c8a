"""Compiled primal-dual interior point for problem P1 of Yin et al., eq. (20), on the vectors themselves.

Maximise phi subject to c_k = R_k - phi >= 0 and c_{3+j} = 1 - ||y_j||^2 >= 0 (ip_model says what R_k is), by Newton
steps on the barrier -phi - tau sum ln c with multipliers mu_i ~ tau / c_i of their own. The Hessian is indefinite away
from an optimum: it is shifted by a multiple of I, remembered from step to step, until it factorises.

tau falls when a step promises less than 0.3 tau, but not while the shift is needed (that would be a saddle), and rises
again when a step promises far more than the present tau accounts for (the ascent has just left one).
"""

import math
from typing import NamedTuple

import numpy as np

from twin.signal.arrays import RealArray
from twin.solvers.compiled import compiled, inlined
from twin.solvers.synergy.ip_hessian import coupling_blocks, covariance, diagonal_blocks, gradient, right_hand_side
from twin.solvers.synergy.ip_model import evaluate, gradients, rate_slopes, soften
from twin.solvers.synergy.ip_step import (
    back_substitute,
    clip_multipliers,
    factorise,
    line_search,
    multipliers,
    slacks,
)

PHI, TAU, SHIFT, AT_TAU, RAISED, STEPS, CONVERGED = range(7)
"""Entries of `run` (7,): phi in nat, tau, shift, steps at this tau, times tau was raised, steps, converged or not."""

_FIRST_SHIFT = 1e-3
_SHIFT_UP, _SHIFT_DOWN = 4.0, 0.25
_LARGEST_SHIFT = 1e12
_SADDLE_SHIFT, _SADDLE_STEPS = 1e-2, 30
_LEAST_PIVOT = 1e-12
_DONE, _NEARLY = 0.3, 10.0
_TAU_CUT, _TAU_POWER, _TAU_LEAST = 0.1, 3.0, 0.01
_RAISE_FROM, _RAISE_TO, _RAISES = 300.0, 0.1, 3
_SLOW_TAU, _SLOW_STEPS = 1e-4, 8
_ENOUGH = 1e-6


@inlined
def newton_direction(
    S: RealArray, scale: float, U: RealArray, inverse: RealArray, step: RealArray, run: RealArray
) -> bool:
    """Solve the Newton system with the least shift that makes it positive definite; False if none does."""
    while not factorise(S, run[SHIFT], _LEAST_PIVOT * scale, U, inverse):
        run[SHIFT] = max(_SHIFT_UP * run[SHIFT], _FIRST_SHIFT * scale)
        if not run[SHIFT] < _LARGEST_SHIFT:
            return False
    back_substitute(U, inverse, step)
    return True


@inlined
def schedule(
    descent: float,
    length: float,
    scale: float,
    top_tau: float,
    end_tau: float,
    slack: RealArray,
    mu: RealArray,
    run: RealArray,
) -> None:
    """Set tau and the shift for the next step, or note that the ascent is done; thresholds are relative to `scale`."""
    tau, shift = run[TAU], run[SHIFT]
    run[AT_TAU] += 1.0
    if length == 1.0:
        run[SHIFT] *= _SHIFT_DOWN
    if descent < _DONE * tau and shift > _SADDLE_SHIFT * scale and run[AT_TAU] < _SADDLE_STEPS:
        run[SHIFT] = 0.0
        return
    if run[SHIFT] < 0.99 * _FIRST_SHIFT * scale:
        run[SHIFT] = 0.0
    if descent > _RAISE_FROM * tau and run[AT_TAU] > 1.0 and run[RAISED] < _RAISES and tau < top_tau:
        run[TAU] = min(top_tau, _RAISE_TO * descent)
        run[RAISED] += 1.0
        run[AT_TAU] = 0.0
        for i in range(6):
            mu[i] = run[TAU] / slack[i]
        return
    last = tau <= end_tau
    done = descent < _DONE * tau or (last and descent < _ENOUGH * scale)
    slow = tau < _SLOW_TAU * scale and run[AT_TAU] >= _SLOW_STEPS
    nearly = not last and length == 1.0 and shift == 0.0 and descent < _NEARLY * tau
    if not (done or slow or nearly):
        return
    if last:
        run[CONVERGED] = 1.0
        return
    relative = tau / scale
    run[TAU] = scale * min(_TAU_CUT * relative, max(_TAU_POWER * relative**1.5, _TAU_LEAST * relative))
    run[AT_TAU] = 0.0


class Work(NamedTuple):
    """Arrays of ip_model and ip_hessian, for one ascent after another."""

    parts: RealArray
    heard: RealArray
    levels: RealArray
    inverses: RealArray
    grads: RealArray
    slopes: RealArray
    grad: RealArray
    border: RealArray
    pairs: RealArray
    S: RealArray
    U: RealArray
    inverse: RealArray
    step: RealArray
    trial: RealArray
    slack: RealArray
    new_slack: RealArray
    mu: RealArray
    new_mu: RealArray
    weights: RealArray
    run: RealArray


class Model(NamedTuple):
    """One problem in reduced form; `scale` <= 1 is the size of its rates in nat, `limit` bounds an ascent's steps."""

    forms: RealArray
    quads: RealArray
    errors: RealArray
    robust: bool
    scale: float
    limit: int


@compiled
def workspace() -> Work:
    """Arrays for any problem."""
    parts, heard, levels, inverses = np.zeros((3, 4, 2)), np.zeros((3, 6)), np.zeros((5, 3)), np.zeros((4, 3))
    grads, slopes, pairs = np.zeros((3, 6, 8)), np.zeros((3, 3, 8)), np.zeros((3, 2, 8))
    grad, border, step, trial = np.zeros((3, 8)), np.zeros((3, 8)), np.zeros((3, 8)), np.zeros((3, 8))
    S, U, inverse = np.zeros((21, 24)), np.zeros((21, 24)), np.zeros(21)
    slack, new_slack, mu, new_mu = np.zeros(6), np.zeros(6), np.zeros(6), np.zeros(6)
    return Work(
        parts, heard, levels, inverses, grads, slopes, grad, border, pairs, S, U, inverse, step, trial,
        slack, new_slack, mu, new_mu, np.zeros(11), np.zeros(7),
    )  # fmt: skip


@inlined
def begin(model: Model, tau: float, y: RealArray, work: Work) -> None:
    """Evaluate y and set phi, multipliers and slacks for an ascent that begins with tau."""
    run = work.run
    run[:] = 0.0
    run[TAU] = tau
    run[PHI] = math.inf
    restart(model, y, work)


@inlined
def restart(model: Model, y: RealArray, work: Work) -> None:
    """Evaluate y for the present tau; lower phi where R_k >= phi + 2 tau does not hold, and recentre then."""
    run, levels = work.run, work.levels
    soften(run[TAU] / model.scale, model.errors)
    evaluate(model.forms, model.errors, y, work.parts, work.heard, levels)
    highest = min(levels[4, 0], levels[4, 1], levels[4, 2])
    recentre = not run[PHI] < highest
    if recentre:
        run[PHI] = highest - 2.0 * run[TAU]
    slacks(work.heard, levels, run[PHI], work.slack)
    for i in range(6):
        if recentre:
            work.mu[i] = run[TAU] / work.slack[i]


@inlined
def newton_system(model: Model, y: RealArray, w: Work) -> tuple[float, float]:
    """Fill S with the Newton system at an evaluated y; the gradient and the Hessian's entry of phi."""
    gradients(model.forms, model.errors, y, w.parts, w.heard, model.robust, w.grads)
    rate_slopes(w.levels, w.grads, w.inverses, w.slopes)
    by_phi, corner = gradient(y, w.run[TAU], w.mu, w.slack, w.slopes, w.grad, w.border)
    covariance(w.mu, w.slack, w.slopes, w.pairs)
    right_hand_side(w.grad, w.border, by_phi, corner, w.S)
    diagonal_blocks(
        model.quads, model.errors, y, w.mu, w.slack, w.parts, w.heard, w.inverses, w.grads, w.pairs,
        model.robust, w.weights, w.S,
    )  # fmt: skip
    coupling_blocks(w.mu, w.inverses, w.grads, w.pairs, w.S)
    return by_phi, corner


@compiled
def ascend(model: Model, top_tau: float, end_tau: float, y: RealArray, w: Work) -> None:
    """Ascend from y (3, 8) with tau from `top_tau` to `end_tau`; y, evaluated, and `w.run` are where it ends."""
    run = w.run
    begin(model, top_tau, y, w)
    while run[STEPS] < model.limit and run[CONVERGED] == 0.0:
        run[STEPS] += 1.0
        by_phi, corner = newton_system(model, y, w)
        if not newton_direction(w.S, model.scale, w.U, w.inverse, w.step, run):
            break
        step_phi, descent = -by_phi, 0.0
        for j in range(3):
            for a in range(7):
                step_phi -= w.border[j, a] * w.step[j, a]
                descent -= w.grad[j, a] * w.step[j, a]
        step_phi /= corner
        descent -= by_phi * step_phi
        multipliers(y, run[TAU], w.mu, w.slack, w.slopes, w.step, step_phi, w.new_mu)
        length = line_search(
            model.forms, model.errors, y, run[PHI], run[TAU], -descent, w.step, step_phi, w.slack,
            w.trial, w.new_slack, w.parts, w.heard, w.levels,
        )  # fmt: skip
        if length == 0.0:
            run[CONVERGED] = 1.0 if run[TAU] <= end_tau else 0.0
            break
        y[:] = w.trial
        w.slack[:] = w.new_slack
        run[PHI] += length * step_phi
        clip_multipliers(run[TAU], w.slack, w.new_mu, w.mu)
        tau = run[TAU]
        schedule(descent, length, model.scale, top_tau, end_tau, w.slack, w.mu, run)
        if model.robust and run[TAU] != tau:
            restart(model, y, w)
    soften(0.0, model.errors)
    evaluate(model.forms, model.errors, y, w.parts, w.heard, w.levels)
