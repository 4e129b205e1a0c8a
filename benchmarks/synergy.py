"""The fast synergy solver against the reference, in one run: `OMP_NUM_THREADS=1 python benchmarks/synergy.py`.

Per number of antennas: a cold solve with all its starts, a warm one along a channel that moves (1 ms a step, users at
1 m/s, UAV at 10 m/s), how often the warm answer misses the cold one by more than 1e-3, and the ratio of the median wall
times to the reference's on the same instances. Machines are noisy: quote the ratios.
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from entities.params import DEFAULT_POSITIONS
from entities.world import BaseStationParams, ReceiverParams, SatelliteParams, UavParams, World, WorldParams
from twin.emulation.streams import Streams
from twin.signal.sagin import TRANSMITTERS
from twin.solvers.synergy.fast import solve_fast
from twin.solvers.synergy.problem import SynergyProblem
from twin.solvers.synergy.solve import prepare, solve

POWERS_MW = (10.0, 10**0.5, 10**1.5)
COLD, STEPS, REFERENCE = 100, 200, 3
STEP_NS = 1_000_000


def make_world(antennas, seed):
    receivers = {name: ReceiverParams(place, 1.0) for name, place in DEFAULT_POSITIONS.items()}
    return World(
        WorldParams(
            satellite=SatelliteParams(antennas=antennas),
            uav=UavParams(antennas=antennas, speed_mps=10.0, waypoints_m=((0.0, 0.0), (200.0, 0.0))),
            base_station=BaseStationParams(antennas=antennas),
            receivers=receivers,
        ),
        Streams(seed),
    )


def problem_at(world, t_ns):
    return SynergyProblem(tuple(world.channels(name, t_ns) for name in TRANSMITTERS), POWERS_MW)


def timed(call):
    started = time.perf_counter_ns()
    answer = call()
    return answer, (time.perf_counter_ns() - started) / 1e3


def spread(times):
    return f"{np.median(times):7.0f} {np.percentile(times, 95):7.0f}"


def main():
    print("  N    cold us (median, p95)   warm us (median, p95)   misses > 1e-3   reference / cold, / warm")
    for antennas in (4, 8, 16):
        problems = [problem_at(make_world(antennas, seed), 0) for seed in range(COLD)]
        solve_fast(problems[0])
        cold = [timed(lambda p=p: solve_fast(p)) for p in problems]
        world, warm_us, misses = make_world(antennas, 1), [], 0
        last = solve_fast(problem_at(world, 0))
        for step in range(1, STEPS + 1):
            problem = problem_at(world, step * STEP_NS)
            last, us = timed(lambda p=problem, w=last.warm: solve_fast(p, warm_start=w))
            warm_us.append(us)
            misses += last.objective < solve_fast(problem).objective - 1e-3
        prepare(problems[0], "reference")
        slow = [timed(lambda p=p: solve(p, method="reference")) for p in problems[:REFERENCE]]
        cold_us, slow_us = [us for _, us in cold], np.median([us for _, us in slow])
        better = [fast.objective - one.objective for (fast, _), (one, _) in zip(cold, slow, strict=False)]
        print(
            f"{antennas:3d} {spread(cold_us)}        {spread(warm_us)}        {misses / STEPS:7.1%}        "
            f"{slow_us / np.median(cold_us):7.0f} {slow_us / np.median(warm_us):7.0f}   (fast - reference: "
            f"{min(better):+.1e} to {max(better):+.1e} bit/s/Hz)"
        )


if __name__ == "__main__":
    main()
