"""Compiled solve of one problem: frame, starts, ascents, baselines, and back to antennas.

It holds the only kernel that is called from Python.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.compiled import entry, fingerprint, inlined
from twin.solvers.synergy.interior_point import CONVERGED, STEPS, Model, Work, ascend, workspace
from twin.solvers.synergy.ip_frame import embed, genie_bound, lift, lower, reduce_block
from twin.solvers.synergy.ip_model import evaluate, soften
from twin.solvers.synergy.ip_starts import (
    COARSE,
    balance,
    deaf_to_eve,
    fine_shares,
    leakage,
    leakage_scale,
    matched,
)

REPORT: Final = ("steps", "ascents", "converged", "bound", "value", "violation", "fell_back", "rescued")
"""What the kernel says of its solve: bound and value (least rate, not clipped) in nat, counts, flags as 0 or 1."""

_STEPS, _ASCENTS, _CONVERGED, _BOUND, _VALUE, _VIOLATION, _FELL_BACK, _RESCUED = range(8)
_COLD_TAU, _COLD_END = 0.03, 1e-8
_WARM_TAU, _WARM_END, _LOOSE_END = 5e-3, 1e-6, 1e-3
_GROWTH = (0.0, 0.25, 0.5, 0.75)
_COLD_SHARE, _WARM_SHARE, _FULL_SHARE = 0.81, 0.99, 1.0 - 1e-12
_WARM_STEPS = 40
_STARTS = ((30.0, False), (300.0, False), (3.0, True))
"""Loading of the leakage, and whether the powers are balanced or full: see benchmarks/synergy.py for what they miss."""
_LEAST_SCALE, _POOR, _SAME = 1e-8, 0.02, 1e-6


@inlined
def least_rate(levels: RealArray) -> float:
    """Least of the three rates in nat."""
    least: float = min(levels[4, 0], levels[4, 1], levels[4, 2])
    return least


@inlined
def shrink(share: float, y: RealArray) -> None:
    """Scale vectors with ||y_j||^2 above `share` down to it."""
    for j in range(3):
        size = 0.0
        for a in range(7):
            size += y[j, a] * y[j, a]
        if size > share:
            for a in range(7):
                y[j, a] *= math.sqrt(share / size)


@inlined
def climb(model: Model, tau: float, end: float, y: RealArray, best: RealArray, report: RealArray, work: Work) -> None:
    """Ascend from y (3, 8), tau from `tau` to `end` times the scale; report, and keep the end if it beats `best`."""
    ascend(model, tau * model.scale, end * model.scale, y, work)
    report[_STEPS] += work.run[STEPS]
    report[_ASCENTS] += 1.0
    keep(work.levels, work.run[CONVERGED], y, best, report)


@inlined
def keep(levels: RealArray, converged: float, y: RealArray, best: RealArray, report: RealArray) -> None:
    """Take over y if it beats `best`."""
    value = least_rate(levels)
    if value > report[_VALUE]:
        report[_VALUE] = value
        report[_CONVERGED] = converged
        best[:] = y


@inlined
def best_baseline(
    model: Model, rows: ComplexArray, shares: RealArray, y: RealArray, best: RealArray, work: Work
) -> float:
    """Least rate in nat of the best of MRT and ZF to Eve and to all on a grid of powers; its y goes to `best`."""
    system = np.zeros((4, 5), np.complex128)
    value = -math.inf
    for kind in range(3):
        if kind == 0:
            matched(y)
        elif kind == 1:
            deaf_to_eve(rows, system, y)
        else:
            leakage(rows, leakage_scale(rows), system, y)
        reached = balance(model.forms, model.errors, shares, _FULL_SHARE, y, work.parts, work.heard, work.levels)
        if reached > value:
            value = reached
            best[:] = y
    return value


@inlined
def cold(model: Model, rows: ComplexArray, best: RealArray, report: RealArray, work: Work) -> None:
    """The best of the ascents from all starts."""
    system, y = np.zeros((4, 5), np.complex128), np.zeros((3, 8))
    for loading, balanced in _STARTS:
        leakage(rows, loading, system, y)
        if balanced:
            balance(model.forms, model.errors, COARSE, _COLD_SHARE, y, work.parts, work.heard, work.levels)
        shrink(_COLD_SHARE, y)
        climb(model, _COLD_TAU, _COLD_END, y, best, report, work)


@inlined
def inflate(model: Model, rows: ComplexArray, best: RealArray, report: RealArray, work: Work) -> None:
    """One more ascent for balls: from the best vectors without them, followed while the balls grow.

    The direct ascents settle early on which transmitter jams the eavesdropper, and are wrong about it at times.
    """
    eased = model.errors.copy()
    side = Model(model.forms, model.quads, eased, True, model.scale, model.limit)
    found, y = np.zeros(len(REPORT)), np.zeros((3, 8))
    found[_VALUE] = -math.inf
    for share in _GROWTH:
        for j in range(3):
            eased[j, 4] = share * model.errors[j, 4]
        if share == 0.0:
            cold(side, rows, y, found, work)
        else:
            shrink(_WARM_SHARE, y)
            ascend(side, _WARM_TAU * model.scale, _LOOSE_END * model.scale, y, work)
            found[_STEPS] += work.run[STEPS]
    report[_STEPS] += found[_STEPS]
    shrink(_WARM_SHARE, y)
    climb(model, _WARM_TAU, _COLD_END, y, best, report, work)


@inlined
def warm(model: Model, y: RealArray, best: RealArray, report: RealArray, work: Work) -> bool:
    """Ascend from the precoders y; whether that converged to something no worse than y itself."""
    shrink(_FULL_SHARE, y)
    evaluate(model.forms, model.errors, y, work.parts, work.heard, work.levels)
    keep(work.levels, 0.0, y, best, report)
    wanted = report[_VALUE] - _SAME * model.scale
    shrink(_WARM_SHARE, y)
    climb(model, _WARM_TAU, _WARM_END, y, best, report, work)
    if work.run[CONVERGED] == 1.0 and least_rate(work.levels) >= wanted:
        report[_CONVERGED] = 1.0
    reached: bool = report[_CONVERGED] == 1.0
    return reached


@inlined
def optimise(model: Model, rows: ComplexArray, warm_y: RealArray, best: RealArray, report: RealArray) -> None:
    """Warm ascent if there is a start (warm_y not empty), all cold ascents if that will not do, then the baselines."""
    work, y, rival = workspace(), np.zeros((3, 8)), np.zeros((3, 8))
    floor = best_baseline(model, rows, COARSE, y, rival, work)
    if model.scale >= _LEAST_SCALE:
        started_warm = len(warm_y) > 0
        if not started_warm or not warm(model, warm_y, best, report, work) or report[_VALUE] < floor:
            report[_FELL_BACK] = 1.0 if started_warm else 0.0
            cold(model, rows, best, report, work)
            if np.any(model.errors[:, 4] > 0.0):
                inflate(model, rows, best, report, work)
        if report[_VALUE] < _POOR * model.scale:
            floor = best_baseline(model, rows, fine_shares(rows), y, rival, work)
    if floor > report[_VALUE]:
        report[_RESCUED] = 1.0
        report[_VALUE] = floor
        y[:] = rival
        best[:] = rival
        shrink(_WARM_SHARE, y)
        if floor > 0.0 and model.scale >= _LEAST_SCALE:
            # A barrier that is strong beside so small a rate would lead away from it.
            climb(model, min(_WARM_TAU, 0.1 * floor / model.scale), _COLD_END, y, best, report, work)


@inlined
def reach(rows: ComplexArray, errors: RealArray, bound: float, robust: bool) -> float:
    """How large the least rate can be, in nat: the bound, or with error variances the smallest capacity."""
    if not robust:
        return bound
    least = math.inf
    for j in range(3):
        least = min(least, math.log1p(rows[j, j, 0].real ** 2 + errors[j, j]))
    return least


def _entry(sources: int) -> Callable[..., None]:
    """The kernel, compiled for a given state of the source files that it calls into."""

    @entry
    def kernel(
        channels: ComplexArray,
        sizes: NDArray[np.int64],
        powers: RealArray,
        uncertainty: RealArray,
        warm_start: bool,
        limit: int,
        x: ComplexArray,
        report: RealArray,
    ) -> None:
        if sources == 0:
            return
        bases = np.zeros(len(channels), np.complex128)
        rows, errors = np.zeros((3, 4, 4), np.complex128), np.zeros((3, 6))
        forms, quads = np.zeros((3, 4, 2, 8)), np.zeros((3, 4, 7, 7))
        warm_y, z = np.zeros((3 if warm_start else 0, 8)), np.zeros(4, np.complex128)
        begins = np.zeros(4, np.int64)
        for j in range(3):
            begins[j + 1] = begins[j] + sizes[j]
            part = slice(4 * begins[j], 4 * begins[j + 1])
            basis = bases[part].reshape((4, sizes[j]))
            reduce_block(channels[part].reshape((4, sizes[j])), powers[j], j, basis, rows[j])
            embed(rows[j], forms[j], quads[j])
            errors[j, :4] = uncertainty[j, :4] * powers[j]
            errors[j, 4] = uncertainty[j, 4] * math.sqrt(powers[j])
            if warm_start:
                lower(basis, powers[j], x[begins[j] : begins[j + 1]], z, warm_y[j])
        robust = bool(np.any(errors > 0.0))
        soften(0.0, errors)
        report[_BOUND] = genie_bound(rows)
        report[_VALUE], report[_VIOLATION] = -math.inf, -1.0
        scale = min(1.0, reach(rows, errors, report[_BOUND], robust))
        best = np.zeros((3, 8))
        optimise(Model(forms, quads, errors, robust, scale, limit), rows, warm_y, best, report)
        for j in range(3):
            basis = bases[4 * begins[j] : 4 * begins[j + 1]].reshape((4, sizes[j]))
            excess = lift(basis, powers[j], best[j], x[begins[j] : begins[j + 1]])
            report[_VIOLATION] = max(report[_VIOLATION], excess)

    return kernel


solve_kernel: Final = _entry(
    fingerprint(__file__, "ip_frame", "ip_model", "ip_hessian", "ip_step", "ip_starts", "interior_point", "ip_solve")
)
