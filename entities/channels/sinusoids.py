"""The compiled sum of sinusoids: what every channel that fades costs.

Strict floating point, branch-free, and one fixed order of summation: a sum has the same bits on every machine with
IEEE arithmetic, alone or with others, whatever instructions the compiler picks. Compiled when this module is first
imported, and kept on disk, so that nothing waits for it in the middle of a run.
"""

import math
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from twin.signal.arrays import ComplexArray, Instants, RealArray

PATHS: Final = 32
_SCALE: Final = 1.0 / math.sqrt(PATHS)
_GRID: Final = 65536.0
_SINE: Final = (
    6.283185307179586,
    -41.34170224039957,
    81.60524927603197,
    -76.70585974865838,
    42.05869370458266,
    -15.094635040621478,
    3.8198146150766394,
    -0.7167045177675838,
    0.09705432245669109,
)
_SIGNATURE: Final = "void(float64[:,:,::1], float64[:,:,::1], int64[::1], int64[::1], complex128[:,:,::1])"

Indices = NDArray[np.int64]
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def _inlined(function: Kernel) -> Kernel:
    return cast("Kernel", numba.njit(inline="always", error_model="numpy")(function))


def _entry(function: Kernel) -> Kernel:
    """Compiled now, for one signature; no GIL."""
    return cast("Kernel", numba.njit(_SIGNATURE, cache=True, nogil=True, error_model="numpy")(function))


@_inlined
def quarter_sine(turns: float) -> float:
    """sin(2 pi x) for x in [-1/4, 1/4] turns, to 5e-16.

    x P(x^2) with P of degree 8. P is the minimax polynomial for the absolute error, from Remez' exchange in 60 digits;
    its coefficients were rounded to doubles one after the other from the lowest on, the rest fitted anew each time.
    The polynomial is right to 3.6e-18; the rest is rounding, at most 2.9e-16 in 140 000 draws.
    """
    square = turns * turns
    value = _SINE[7] + square * _SINE[8]
    value = _SINE[6] + square * value
    value = _SINE[5] + square * value
    value = _SINE[4] + square * value
    value = _SINE[3] + square * value
    value = _SINE[2] + square * value
    value = _SINE[1] + square * value
    value = _SINE[0] + square * value
    return turns * value


@_inlined
def cosine(turns: float) -> float:
    """cos(2 pi x) = sin(2 pi (1/4 - |x|)) for x in [-1/2, 1/2] turns."""
    return quarter_sine(0.25 - abs(turns))


@_inlined
def sine(turns: float) -> float:
    """sin(2 pi x) for x in [-1/2, 1/2] turns, of which the outer quarters are folded in."""
    return quarter_sine(min(max(turns, -0.5 - turns), 0.5 - turns))


@_inlined
def phase(shift_hz: float, start_turns: float, whole_s: float, part_s: float) -> float:
    """The phase shift * t + start in [-1/2, 1/2] turns at time t = whole_s (an integer) + part_s (in [0, 1)).

    The shift is cut at 2^-16 Hz. The upper part times whole seconds is exact up to 2^37 turns, so that whole turns
    leave it without a rounding; what is left of the phase is small.
    """
    upper_hz = np.rint(shift_hz * _GRID) * (1.0 / _GRID)
    turns = upper_hz * whole_s
    turns -= np.rint(turns)
    turns += (shift_hz - upper_hz) * whole_s + (shift_hz * part_s + start_turns)
    return float(turns - np.rint(turns))


@_entry
def add_up(shift_hz: RealArray, start_turns: RealArray, links: Indices, times_ns: Instants, sums: ComplexArray) -> None:
    """Sums (T, C, S) into `sums`, of shifts and starts (L, S, 32), for C of the L links and at T instants.

    The 32 paths are the lanes of the inner loop; each is added to the one half of them further on, and so on.
    """
    re, im = np.empty(PATHS), np.empty(PATHS)
    for instant in range(len(times_ns)):
        whole = times_ns[instant] // 1_000_000_000
        whole_s, part_s = float(whole), (times_ns[instant] - whole * 1_000_000_000) / 1e9
        for chosen in range(len(links)):
            link = links[chosen]
            if link < 0 or link >= len(shift_hz):
                raise IndexError("no such link")
            for entry in range(shift_hz.shape[1]):
                shifts, starts = shift_hz[link, entry], start_turns[link, entry]
                for path in range(PATHS):
                    turns = phase(shifts[path], starts[path], whole_s, part_s)
                    re[path] = cosine(turns)
                    im[path] = sine(turns)
                for lane in range(8):
                    re[lane] = (re[lane] + re[lane + 16]) + (re[lane + 8] + re[lane + 24])
                    im[lane] = (im[lane] + im[lane + 16]) + (im[lane + 8] + im[lane + 24])
                real = ((re[0] + re[4]) + (re[2] + re[6])) + ((re[1] + re[5]) + (re[3] + re[7]))
                imag = ((im[0] + im[4]) + (im[2] + im[6])) + ((im[1] + im[5]) + (im[3] + im[7]))
                sums[instant, chosen, entry] = complex(_SCALE * real, _SCALE * imag)
