"""Planar arrays by explicit loops, and the bounds on where an echo comes from against the Fisher matrix."""

import cmath
import math

import numpy as np
import pytest

from twin.signal.arrays import direction_cosines, ula_response, upa_response
from twin.signal.crlb import cosine_variance, range_variance_m2

COLUMNS, ROWS = 4, 3


def test_response_is_the_loop_over_columns_and_rows():
    cosines = np.array([[0.3, -0.2], [-0.9, 0.1]])
    found = upa_response(cosines, COLUMNS, ROWS)
    assert found.shape == (2, 12)
    for k, (across, along) in enumerate(cosines):
        for column in range(COLUMNS):
            for row in range(ROWS):
                expected = cmath.exp(-1j * math.pi * (column * across + row * along))
                assert found[k, column * ROWS + row] == pytest.approx(expected, abs=1e-12)


def test_one_row_is_a_linear_array():
    cosines = np.array([[0.4, 0.7], [-0.1, -0.7]])
    np.testing.assert_allclose(upa_response(cosines, 6, 1), ula_response(cosines[:, 0], 6))


def test_cosines_are_those_of_the_angles_to_the_axes():
    offsets_m = np.array([[30.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, -2.0], [3.0, 4.0, -12.0], [0.0, 0.0, 0.0]])
    expected = [[0.0, 0.0], [1.0, 0.0], [0.0, -1.0], [4.0 / 13.0, -12.0 / 13.0], [0.0, 0.0]]
    np.testing.assert_allclose(direction_cosines(offsets_m), expected)


def fisher_bound(scnr, columns, rows):
    """Variances of two cosines from the Fisher matrix of a tone of unknown complex amplitude over the elements."""
    n, m = (index.ravel() for index in np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij"))
    amplitude = math.sqrt(scnr / (columns * rows))
    tone = amplitude * np.exp(-1j * math.pi * (n * 0.2 + m * 0.1))
    slopes = np.stack((-1j * math.pi * n * tone, -1j * math.pi * m * tone, tone / amplitude, 1j * tone))
    fisher = 2.0 * (slopes.conj() @ slopes.T).real
    return np.diag(np.linalg.inv(fisher))[:2]


@pytest.mark.parametrize(("columns", "rows"), [(4, 3), (2, 8), (12, 2)])
def test_bound_of_a_cosine_is_that_of_the_fisher_matrix(columns, rows):
    bound = [cosine_variance(40.0, columns), cosine_variance(40.0, rows)]
    np.testing.assert_allclose(bound, fisher_bound(40.0, columns, rows), rtol=1e-9)


def test_an_echo_that_says_nothing_is_a_guess():
    assert cosine_variance(0.0, 4) == cosine_variance(1e-9, 4) == cosine_variance(1e9, 1) == pytest.approx(1.0 / 3.0)
    assert range_variance_m2(0.0, 80e6, 400.0) == range_variance_m2(1e-9, 80e6, 400.0) == 400.0


def test_range_bound_of_a_flat_band():
    # c / (2 * 2 pi B_rms sqrt(2 scnr)) with B_rms = 80 MHz / sqrt(12): 0.73 m at scnr = 0.5
    deviation_m = 299_792_458.0 / (4.0 * math.pi * 80e6 / math.sqrt(12.0) * math.sqrt(2.0 * 0.5))
    assert math.sqrt(range_variance_m2(0.5, 80e6, 1e6)) == pytest.approx(deviation_m, rel=1e-9)
