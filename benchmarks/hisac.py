"""The solver for two stations, in one run: `OMP_NUM_THREADS=1 python benchmarks/hisac.py [--paper]`.

Cold solves by size and error, warm ones on channels that moved a little, and "fast" beside the convex "reference" (and,
with --paper, the alternating algorithm) on the same (12, 12), N = 4 instance: SEE of both and the ratio of their times.
Times are of the processor, of one thread. Machines are noisy: quote the ratios.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from twin.solvers.result import Status
from twin.solvers.rsma.fast import Effort, solve_fast
from twin.solvers.rsma.problem import HisacProblem
from twin.solvers.rsma.solve import solve

WAVELENGTH_M = 299792458.0 / 18e9
NOISE_W = 1e-8
FOUR = Effort(starts=4)
ONE = Effort(starts=1, more_starts=0)
SIZES = (
    ((4, 4), 2, 0.0),
    ((8, 8), 3, 0.0),
    ((12, 12), 4, 0.0),
    ((12, 12), 4, 0.1),
    ((16, 16), 4, 0.0),
    ((16, 16), 8, 0.0),
)


def response(antennas, azimuth, elevation):
    """A planar array with half a wavelength between its elements, as square as can be."""
    rows = max(n for n in range(1, int(antennas**0.5) + 1) if antennas % n == 0)
    across = np.exp(1j * np.pi * np.arange(antennas // rows) * np.cos(elevation) * np.sin(azimuth))
    return np.kron(across, np.exp(1j * np.pi * np.arange(rows) * np.sin(elevation)))


def channel(rng, station, place, antennas):
    """Rician-shadowed, eq. (1): K = 7 dB, Nakagami m = 5, five paths, free space."""
    away = np.array(place) - np.array(station)
    distance = np.linalg.norm(away)
    weight = 10.0**0.7 / (1.0 + 10.0**0.7)
    shadow = np.sqrt(weight * rng.gamma(5.0, 0.2)) * np.exp(2j * np.pi * rng.random())
    found = shadow * response(antennas, np.arctan2(away[1], away[0]), np.arcsin(away[2] / distance))
    for _ in range(5):
        bounce = np.sqrt((1.0 - weight) / 10.0) * (rng.normal() + 1j * rng.normal())
        found = found + bounce * response(antennas, rng.uniform(-np.pi, np.pi), rng.uniform(-np.pi / 2, np.pi / 2))
    return found * WAVELENGTH_M / (4.0 * np.pi * distance) / np.sqrt(NOISE_W)


def draw(seed, antennas, users, error):
    """Two stations 100 m apart, 10 m high; Bob, Eve, the target and the users drawn around theirs."""
    rng = np.random.default_rng(seed)
    first, second = (0.0, 0.0, 10.0), (100.0, 0.0, 10.0)

    def near(station, least, most):
        turn, distance = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(least, most)
        return station[0] + distance * np.cos(turn), distance * np.sin(turn), 0.0

    places = [near(first, *span) for span in ((30, 60), (30, 80), (20, 40))]
    people = [near(second, 20, 60) for _ in range(users)]
    h = np.array([channel(rng, first, place, antennas[0]) for place in (*places, *people)])
    g = np.array([channel(rng, second, place, antennas[1]) for place in (*places[:2], *people)])
    errors = [error * np.linalg.norm(c[:2], axis=1) for c in (h, g)]
    power_w, circuit_w = 10.0**2.5, 5.0 + 0.25 * sum(antennas)
    return HisacProblem(h, g, *errors, power_w, power_w, circuit_w, 1.45e6 * NOISE_W, 0.5, 1.0, 1.0, 1.0)


def timed(call, repeats=1):
    """Result of a call, and the median of its processor times in ms."""
    times = []
    for _ in range(repeats):
        began = time.thread_time_ns()
        found = call()
        times.append(time.thread_time_ns() - began)
    return found, float(np.median(times)) / 1e6


def cold_and_warm(antennas, users, error, count=24):
    rows = []
    for seed in range(count):
        problem = draw(seed, antennas, users, error)
        found, four = timed(lambda p=problem: solve_fast(p, effort=FOUR), 3)
        if found.status is not Status.SOLVED:
            continue
        single, one = timed(lambda p=problem: solve_fast(p, effort=ONE), 3)
        moved = draw_moved(problem, seed)
        _, warm = timed(lambda p=moved, w=found.warm: solve_fast(p, warm_start=w, effort=Effort(warm_starts=0)), 3)
        reached = single.status is Status.SOLVED and single.objective >= 0.999 * found.objective
        rows.append((four, one, warm, reached))
    return len(rows), np.array(rows, dtype=float)


def draw_moved(problem, seed):
    rng = np.random.default_rng([7, seed])
    values = {name: getattr(problem, name) for name in HisacProblem.__slots__}
    for name in ("channels_1", "channels_2"):
        shape = values[name].shape
        noise = (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2.0)
        values[name] = values[name] * (1.0 + 0.05 * noise)
    return HisacProblem(**values)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--paper", action="store_true", help="time the alternating algorithm, too (takes minutes)")
    arguments = parser.parse_args()
    solve_fast(draw(0, (4, 4), 2, 0.0))
    print("processor ms (median)   feasible   4 starts   1 start  warm start   one start within 1e-3")
    for antennas, users, error in SIZES:
        count, rows = cold_and_warm(antennas, users, error)
        four, one, warm, reached = (np.median(rows[:, k]) if k < 3 else rows[:, k].mean() for k in range(4))
        label = f"{antennas}, N={users}, e={error:g}"
        print(f"{label:>22} {count:7d}/24 {four:10.2f} {one:9.2f} {warm:11.2f} {reached:12.0%}")

    problem = draw(3, (12, 12), 4, 0.0)
    fast, fast_ms = timed(lambda: solve_fast(problem, effort=FOUR), 9)
    for method in ("reference", "paper") if arguments.paper else ("reference",):
        solve(problem, method=method)  # compiles its programs
        slow, slow_ms = timed(lambda m=method: solve(problem, method=m))
        print(
            f"(12, 12), N=4, e=0: fast {fast.objective:.6f} bit/s/Hz/W in {fast_ms:.2f} ms, {method} "
            f"{slow.objective:.6f} in {slow_ms:.0f} ms: {slow_ms / fast_ms:.0f} times as long"
        )


if __name__ == "__main__":
    main()
