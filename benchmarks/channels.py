"""What fading costs: the compiled sum of sinusoids against the same formula in NumPy, in one process and thread.

Sizes are those of one report of one of 20 pairs, of the three transmitters' channels in the air-ground scenario, and of
a look at all 20 pairs. Both sums are compared before they are timed. Best of several rounds that take turns.

    python benchmarks/channels.py
"""

import time

import numpy as np

from entities.channels.fading import sum_of_sinusoids
from entities.channels.sinusoids import PATHS

SIZES = {"one of 20 pairs": (20, 4, 6), "a transmitter, 4 receivers": (4, 4), "all of 20 pairs": (400, 4, 6)}
T_NS = 1_234_567_890
ROUNDS = 40
SECONDS = 0.01


def in_numpy(shift_hz, start_turns, t_ns):
    turns = shift_hz * (t_ns / 1e9) + start_turns
    turns -= np.floor(turns)
    turns *= 2.0 * np.pi
    z = np.empty(turns.shape[:-1], dtype=np.complex128)
    np.cos(turns).sum(axis=-1, out=z.real)
    np.sin(turns).sum(axis=-1, out=z.imag)
    return z / np.sqrt(PATHS)


def best_s(calls):
    """Seconds per call of each, the best of rounds in which they take turns."""
    repeats, best = {}, dict.fromkeys(calls, float("inf"))
    for name, call in calls.items():
        begin = time.perf_counter()
        call()
        repeats[name] = max(1, int(SECONDS / (time.perf_counter() - begin)))
    for _ in range(ROUNDS):
        for name, call in calls.items():
            begin = time.perf_counter()
            for _ in range(repeats[name]):
                call()
            best[name] = min(best[name], (time.perf_counter() - begin) / repeats[name])
    return best


def main() -> None:
    rng = np.random.default_rng(1)
    print(f"{'sums of 32 sinusoids':28}{'sums':>8}{'compiled, us':>14}{'NumPy, us':>12}{'ns a path':>11}{'ratio':>8}")
    for name, shape in SIZES.items():
        shift_hz, start = 10.0 * np.cos(np.pi * rng.random((*shape, PATHS))), rng.random((*shape, PATHS))
        compiled, numpy = (function(shift_hz, start, T_NS) for function in (sum_of_sinusoids, in_numpy))
        np.testing.assert_allclose(compiled, numpy, rtol=0, atol=1e-12)
        best = best_s({
            "compiled": lambda: sum_of_sinusoids(shift_hz, start, T_NS),
            "numpy": lambda: in_numpy(shift_hz, start, T_NS),
        })  # fmt: skip
        per_path = best["compiled"] / shift_hz.size * 1e9
        ratio = best["numpy"] / best["compiled"]
        times = f"{best['compiled'] * 1e6:14.1f}{best['numpy'] * 1e6:12.1f}"
        print(f"{name:28}{int(np.prod(shape)):8}{times}{per_path:11.2f}{ratio:8.1f}")


if __name__ == "__main__":
    main()
