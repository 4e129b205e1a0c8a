"""The compiled sum: sine and cosine against 50 digits, phases against fractions, the same bits however it is asked."""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest

from entities.channels.fading import sum_of_sinusoids
from entities.channels.sinusoids import PATHS, add_up, cosine, phase, sine

TWO_PI = Decimal("6.28318530717958647692528676655900576839433879875021")
EDGES = [0.0, 2.0**-60, 5e-324, 1 / 12, 0.125, 0.25, 1 / 3, 0.375, 0.5]


def exact_sine(turns):
    """sin(2 pi x) of a double in [-1, 1], to 40 digits, by its series."""
    with localcontext() as context:
        context.prec = 50
        angle = Decimal(turns) * TWO_PI
        term = total = angle
        for n in range(1, 40):
            term *= -angle * angle / (2 * n * (2 * n + 1))
            total += term
        return total


def some_turns(count):
    drawn = np.random.default_rng(7).uniform(-0.5, 0.5, count).tolist()
    beside = [math.nextafter(x, to) for x in EDGES for to in (0.0, 0.5)]
    return [sign * x for x in (*EDGES, *beside) for sign in (1.0, -1.0)] + drawn


def crowd(links=7, entries=5, seed=3):
    """Shifts up to 100 Hz and starts (links, entries, 32)."""
    rng = np.random.default_rng(seed)
    return 100.0 * np.cos(np.pi * rng.random((links, entries, PATHS))), rng.random((links, entries, PATHS))


def test_sine_and_cosine_are_right_to_5e_16():
    worst = 0.0
    for turns in some_turns(3000):
        with localcontext() as context:
            context.prec = 50
            quarter = Decimal("0.25") - abs(Decimal(turns))
        worst = max(worst, abs(float(Decimal(sine(turns)) - exact_sine(turns))))
        worst = max(worst, abs(float(Decimal(cosine(turns)) - exact_sine(quarter))))
    assert worst < 5e-16


def test_quarter_turns_are_exact():
    assert [sine(x) for x in (-0.5, -0.25, 0.0, 0.25, 0.5)] == [0.0, -1.0, 0.0, 1.0, 0.0]
    assert [cosine(x) for x in (-0.5, -0.25, 0.0, 0.25, 0.5)] == [-1.0, 0.0, 1.0, 0.0, -1.0]


@pytest.mark.parametrize("most_hz", [1.0, 100.0, 30e3])
@pytest.mark.parametrize("t_ns", [0, 999_999_999, 1_234_567_890_123, 10**15 - 1])
def test_phases_are_right_far_out(most_hz, t_ns):
    rng = np.random.default_rng(5)
    for shift_hz, start in zip(rng.uniform(-most_hz, most_hz, 200), rng.random(200), strict=True):
        whole, part = divmod(t_ns, 10**9)
        turns = phase(shift_hz, start, float(whole), part / 1e9)
        error = (Fraction(turns) - Fraction(shift_hz) * t_ns / 10**9 - Fraction(start)) % 1
        assert -0.5 <= turns <= 0.5
        assert 2 * math.pi * float(min(error, 1 - error)) < 1e-12 * max(1.0, most_hz / 100.0)


def test_it_is_the_sum_that_numpy_finds():
    shift_hz, start = crowd()
    turns = shift_hz * 0.123456789 + start
    expected = np.exp(2j * np.pi * turns).sum(axis=-1) / math.sqrt(PATHS)
    np.testing.assert_allclose(sum_of_sinusoids(shift_hz, start, 123_456_789), expected, rtol=0, atol=1e-12)


def test_compiled_and_interpreted_give_the_same_bits():
    shift_hz, start = crowd(3, 4)
    links, times_ns = np.array([2, 0]), np.array([7, 10**15 + 3])
    found, expected = np.empty((2, 2, 4), dtype=complex), np.empty((2, 2, 4), dtype=complex)
    add_up(shift_hz, start, links, times_ns, found)
    add_up.py_func(shift_hz, start, links, times_ns, expected)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("entries", [1, 3, 4, 24])
def test_a_sum_has_the_same_bits_alone_and_with_others(entries):
    shift_hz, start = crowd(6, entries)
    times_ns = np.array([[5, 10**12], [0, 5]])
    whole = sum_of_sinusoids(shift_hz, start, times_ns)
    assert whole.shape == (2, 2, 6, entries)
    for index in np.ndindex(2, 2):
        alone = sum_of_sinusoids(shift_hz, start, int(times_ns[index]))
        assert alone.tobytes() == whole[index].tobytes()
        some = sum_of_sinusoids(shift_hz, start, int(times_ns[index]), np.array([4, 1, 4]))
        assert some.tobytes() == whole[index][[4, 1, 4]].tobytes()
        first = sum_of_sinusoids(shift_hz[2:3, :1], start[2:3, :1], int(times_ns[index]))
        assert first.item() == whole[(*index, 2, 0)]


@pytest.mark.parametrize("link", [-1, 6])
def test_a_link_that_is_not_there_is_an_error(link):
    shift_hz, start = crowd(6)
    with pytest.raises(IndexError, match="no such link"):
        sum_of_sinusoids(shift_hz, start, 0, np.array([link]))
