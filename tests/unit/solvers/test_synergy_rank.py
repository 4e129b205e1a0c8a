"""From matrices to vectors, where the relaxation is tight and where it is not."""

import numpy as np
import pytest

from twin.signal.sinr import received_powers
from twin.solvers.synergy import rank
from twin.solvers.synergy.problem import SynergyProblem, min_rate_nats, reduce
from twin.solvers.synergy.reference import ascend
from twin.solvers.synergy.starts import start
from twin.solvers.synergy.surrogate import levels


def test_the_principal_part_of_an_outer_product_is_the_vector_up_to_its_phase():
    x = np.array([1.0 + 2.0j, -0.5j, 0.3])
    (part,) = rank.principal([np.outer(x, x.conj())])
    np.testing.assert_allclose(np.outer(part, part.conj()), np.outer(x, x.conj()), atol=1e-14)
    largest = part[np.argmax(np.abs(part))]
    assert largest.real > 0.0
    assert largest.imag == pytest.approx(0.0, abs=1e-15)


def test_the_gap_is_the_worst_ratio_of_second_to_first_eigenvalue():
    assert rank.rank_gap([np.diag([1.0, 4.0]), np.diag([0.0, 2.0]), np.eye(1)]) == pytest.approx(0.25)
    assert rank.rank_gap([np.zeros((2, 2))]) == 0.0


def test_matrix_powers_of_outer_products_are_received_powers(problem, draw_precoders):
    reduced = reduce(problem)
    z = reduced.lower(draw_precoders(2, problem))
    matrices = [np.outer(part, part.conj()) for part in z]
    np.testing.assert_allclose(rank.matrix_powers(reduced, matrices), received_powers(reduced.channels, z), rtol=1e-10)


@pytest.fixture(scope="module")
def loose():
    """An iterate where the base station's rate does not bind: its matrix comes out with rank two or more."""
    rng = np.random.default_rng(4)
    scale = (0.2, 20.0, 3.0)
    channels = [s * (rng.normal(size=(4, 8)) + 1j * rng.normal(size=(4, 8))) for s in scale]
    reduced = reduce(SynergyProblem(tuple(channels), (1.0, 3.0, 30.0)))
    return reduced, ascend(reduced, start(reduced, "slnr300-balanced"), 15)


def test_least_power_restores_rank_one_at_a_ten_thousandth_of_the_rate(loose):
    reduced, ascent = loose
    assert rank.rank_gap(ascent.matrices) > 0.01
    vectors, solved = rank.extract(reduced, ascent.matrices, ascent.point)
    assert solved
    assert float(min_rate_nats(received_powers(reduced.channels, vectors))) >= 0.9995 * ascent.rate_nats


def test_extraction_never_does_worse_than_the_principal_vectors(loose):
    reduced, ascent = loose
    plain = float(min_rate_nats(received_powers(reduced.channels, rank.principal(ascent.matrices))))
    vectors, _ = rank.extract(reduced, ascent.matrices, ascent.point)
    assert float(min_rate_nats(received_powers(reduced.channels, vectors))) >= plain


def test_a_rank_one_iterate_costs_no_extra_problem(problem, draw_precoders):
    reduced = reduce(problem)
    z = reduced.lower(draw_precoders(2, problem))
    point = levels(received_powers(reduced.channels, z))
    vectors, solved = rank.extract(reduced, tuple(np.outer(part, part.conj()) for part in z), point)
    assert not solved
    for part, vector in zip(z, vectors, strict=True):
        assert abs(np.vdot(part, vector)) == pytest.approx(np.linalg.norm(part) ** 2, rel=1e-12)
