"""Hermitian matrices as real vectors: the maps keep traces, powers and definiteness."""

import numpy as np
import pytest

from twin.solvers.hermitian import embedding, from_vector, power_forms


@pytest.mark.parametrize("dim", [1, 2, 3, 4])
def test_inner_products_are_traces(dim):
    rng = np.random.default_rng(dim)
    u, v = rng.normal(size=(2, dim * dim))
    X, Y = from_vector(u, dim), from_vector(v, dim)
    np.testing.assert_array_equal(X, X.conj().T)
    assert np.trace(X @ Y).real == pytest.approx(u @ v, rel=1e-12)
    assert np.trace(X).real == pytest.approx(u[:dim].sum(), rel=1e-12)


@pytest.mark.parametrize("dim", [1, 2, 4])
def test_power_forms_give_the_quadratic_form_of_every_channel(dim):
    rng = np.random.default_rng(dim)
    channels = rng.normal(size=(5, dim)) + 1j * rng.normal(size=(5, dim))
    u = rng.normal(size=dim * dim)
    X = from_vector(u, dim)
    wanted = [sum(c[i].conjugate() * X[i, j] * c[j] for i in range(dim) for j in range(dim)).real for c in channels]
    np.testing.assert_allclose(power_forms(channels) @ u, wanted, rtol=1e-12)


@pytest.mark.parametrize("dim", [1, 3, 4])
def test_the_real_embedding_has_every_eigenvalue_twice(dim):
    u = np.random.default_rng(dim).normal(size=dim * dim)
    real = (embedding(dim) @ u).reshape(2 * dim, 2 * dim, order="F")
    np.testing.assert_allclose(real, real.T, atol=1e-15)
    twice = np.repeat(np.linalg.eigvalsh(from_vector(u, dim)), 2)
    np.testing.assert_allclose(np.linalg.eigvalsh(real), twice, atol=1e-12)
