"""The kernels for two stations, run by the interpreter, against finite differences and what twin.signal says."""

import importlib

import numpy as np
import pytest

from twin.solvers.rsma.evaluate import constraint_names, decoded_rates, efficiency, excesses
from twin.solvers.rsma.reduced import reduced
from twin.solvers.rsma.scheme import SCHEMES, rsma, rsma_unicast

NAMES = ("fast_model", "fast_constraints", "fast_lagrangian", "fast_shape", "fast_descent", "fast_climb")


@pytest.fixture
def kernels(monkeypatch):
    """All kernel modules in one namespace, every compiled function replaced by the Python that it was made from."""
    modules = [importlib.import_module(f"twin.solvers.rsma.{name}") for name in NAMES]
    found = {}
    for module in modules:
        for name, value in list(vars(module).items()):
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, name, value.py_func)
                found[name] = value.py_func
    return type("Kernels", (), {name: staticmethod(function) for name, function in found.items()})


def some_beams(rng, scheme, scale=3.0):
    w = scale * (rng.normal(size=(5, 2)) + 1j * rng.normal(size=(5, 2)))
    o = np.zeros((4, scheme.columns), complex)
    sending = list(scheme.sending)
    o[:, sending] = scale * (rng.normal(size=(4, len(sending))) + 1j * rng.normal(size=(4, len(sending))))
    return w, o


@pytest.mark.parametrize("method", list(SCHEMES))
@pytest.mark.parametrize("error", [0.0, 0.1])
def test_the_gradient_is_that_of_the_value(kernels, draw_stations, method, error):
    problem, rng = draw_stations(1, (5, 4), users=2, error=error), np.random.default_rng(3)
    scheme = SCHEMES[method](problem)
    small = reduced(problem, scheme)
    work = kernels.work_for(small.model)
    work.terms[2] = rng.exponential(size=work.terms.shape[1])
    for scale in (0.3, 3.0):  # below and above the thresholds: the linear parts of the logarithms, too
        x = small.vector(some_beams(rng, scheme, scale))
        gradient, spare = np.zeros_like(x), np.zeros_like(x)
        kernels.value_at(small.model, x, 1e-3, 1e-6, 1.0, 3.0, work, gradient)
        direction, step = rng.normal(size=x.size), 1e-6
        ends = [
            kernels.value_at(small.model, x + sign * step * direction, 1e-3, 1e-6, 1.0, 3.0, work, spare)[0]
            for sign in (1.0, -1.0)
        ]
        assert (ends[0] - ends[1]) / (2.0 * step) == pytest.approx(gradient @ direction, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("method", ["fast", "noma_unicast", "oma_multicast", "artificial_noise", "no_echo_filter"])
def test_slacks_have_the_signs_of_the_excesses_and_the_efficiency_is_the_same(kernels, draw_stations, method):
    problem, rng = draw_stations(2, (5, 4), users=2, error=0.05), np.random.default_rng(5)
    scheme = SCHEMES[method](problem)
    small = reduced(problem, scheme)
    work = kernels.work_for(small.model)
    seen = set()
    for scale in (0.1, 0.5, 1.0, 2.0, 4.0, 8.0):
        x = small.vector(some_beams(rng, scheme, scale))
        beams = small.beams(x)
        least, value = kernels.exact(small.model, x, work)
        missed = excesses(problem, beams, scheme)
        assert len(missed) == len(constraint_names(scheme)) == work.terms.shape[1]
        np.testing.assert_array_equal(work.terms[0] >= 0.0, missed <= 0.0)
        assert least == work.terms[0].min()
        assert max(value, 0.0) == pytest.approx(efficiency(problem, beams, scheme), rel=1e-9, abs=1e-12)
        seen |= set((missed > 0.0).tolist())
    assert seen == {True, False}


def test_the_spans_keep_amplitudes_and_lose_what_nobody_hears(draw_stations):
    problem = draw_stations(3, (12, 9), users=2)
    small, rng = reduced(problem, rsma(problem)), np.random.default_rng(1)
    assert [basis.shape for basis in small.bases] == [(12, 5), (9, 4)]
    beams = rng.normal(size=(12, 2)) + 0j, rng.normal(size=(9, 3)) + 0j
    x = small.vector(beams)
    inside = small.beams(x)
    for channels, all_of_it, kept in zip((problem.channels_1, problem.channels_2), beams, inside, strict=True):
        np.testing.assert_allclose(channels.conj() @ kept, channels.conj() @ all_of_it, atol=1e-12)
        assert np.linalg.norm(kept) < np.linalg.norm(all_of_it)
    np.testing.assert_allclose(small.vector(inside), x, atol=1e-12)
    assert x @ x == pytest.approx(sum(np.linalg.norm(beam) ** 2 for beam in inside), rel=1e-12)


def test_shares_of_the_common_rate_start_at_what_is_lacking(draw_stations):
    problem, rng = draw_stations(1, (5, 4), users=2), np.random.default_rng(3)
    scheme = rsma_unicast(problem)
    beams = some_beams(rng, scheme, 1.0)
    small = reduced(problem, scheme)
    shares = small.vector(beams)[-2:] ** 2
    np.testing.assert_allclose(shares, np.maximum(1.5 - decoded_rates(problem, beams, scheme)[2:], 1e-3))


def test_the_approximate_hessian_is_positive_and_its_inverse_is_one(kernels, draw_stations):
    problem, rng = draw_stations(1, (5, 4), users=2, error=0.05), np.random.default_rng(7)
    scheme = rsma(problem)
    small = reduced(problem, scheme)
    x = small.vector(some_beams(rng, scheme))
    work, shape = kernels.work_for(small.model), kernels.shape_for(small.model, x.size)
    work.terms[2] = 0.5
    _, rate = kernels.value_at(small.model, x, 1e-3, 1e-6, 1.0, 3.0, work, np.zeros_like(x))
    blocks = []
    for channels, at, by in (
        (small.model.h, work.at_1, work.scalars[2, 9:11]),
        (small.model.g, work.at_2, np.full(3, work.scalars[2, 11] + work.scalars[2, 12])),
    ):
        for slopes, weight in zip(at[3], by, strict=True):
            c = channels[0] + 1j * channels[1]
            blocks.append(2.0 * weight * np.eye(c.shape[1]) + 2.0 * (c.T * np.maximum(slopes, 0.0)) @ c.conj())
    count = kernels.reshape(small.model, x, rate, 1e-6, 3.0, work, shape)
    assert 0 < count <= work.terms.shape[1]
    hessian = np.zeros((x.size, x.size))
    begin = 0
    for block in blocks:
        size = 2 * len(block)
        hessian[begin : begin + size, begin : begin + size] = np.block(
            [[block.real, -block.imag], [block.imag, block.real]]
        )
        begin += size
    rows, weights = shape.gradients[:count], shape.weights[:count]
    hessian += (rows.T * weights) @ rows
    assert np.linalg.eigvalsh(hessian).min() > 0.0
    v = rng.normal(size=x.size)
    wanted = np.linalg.solve(hessian, v)
    kernels.apply(shape, count, v, np.zeros_like(x))
    np.testing.assert_allclose(v, wanted, rtol=1e-6, atol=1e-9 * np.abs(wanted).max())
