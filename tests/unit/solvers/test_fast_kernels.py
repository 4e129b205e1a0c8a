"""The fast solver's kernels, run by the interpreter, against NumPy, closed forms and finite differences."""

import importlib
import itertools

import numpy as np
import pytest

from twin.signal.sinr import received_powers
from twin.solvers.synergy.problem import SynergyProblem, min_rate_nats, reduce, upper_bound
from twin.solvers.synergy.uncertainty import Uncertainty, relative_ball, robust_rates

NAMES = ("ip_frame", "ip_model", "ip_hessian", "ip_step", "ip_starts", "interior_point", "ip_solve")
SIZES = [(4, 4, 4), (1, 2, 3), (8, 5, 16)]


@pytest.fixture
def kernels(monkeypatch):
    """All kernel modules in one namespace, every compiled function replaced by the Python that it was made from."""
    modules = [importlib.import_module(f"twin.solvers.synergy.{name}") for name in NAMES]
    found = {}
    for module in modules:
        for name, value in list(vars(module).items()):
            if hasattr(value, "py_func"):
                monkeypatch.setattr(module, name, value.py_func)
                found[name] = value.py_func
    found["Model"] = modules[5].Model
    return type("Kernels", (), {name: staticmethod(function) for name, function in found.items()})


class Scene:
    """A problem in the kernels' frame, with its errors and arrays for one evaluation."""

    def __init__(self, kernels, problem, uncertainty=None):
        self.k, self.problem = kernels, problem
        self.rows = np.zeros((3, 4, 4), dtype=np.complex128)
        self.forms, self.quads, self.errors = np.zeros((3, 4, 2, 8)), np.zeros((3, 4, 7, 7)), np.zeros((3, 6))
        self.bases = [np.zeros((4, matrix.shape[1]), dtype=np.complex128) for matrix in problem.channels]
        for j, (matrix, power) in enumerate(zip(problem.channels, problem.powers_mw, strict=True)):
            kernels.reduce_block(matrix, power, j, self.bases[j], self.rows[j])
            kernels.embed(self.rows[j], self.forms[j], self.quads[j])
            if uncertainty is not None:
                self.errors[j, :4] = uncertainty.error_var[j] * power
                self.errors[j, 4] = uncertainty.radius[j] * np.sqrt(power)
        kernels.soften(0.0, self.errors)
        self.work = kernels.workspace()

    def rates(self, y):
        self.k.evaluate(self.forms, self.errors, y, self.work.parts, self.work.heard, self.work.levels)
        return self.work.levels[4].copy()

    def lift(self, y):
        precoders = []
        for j, (basis, power) in enumerate(zip(self.bases, self.problem.powers_mw, strict=True)):
            x = np.zeros(basis.shape[1], dtype=np.complex128)
            self.k.lift(basis, power, y[j], x)
            precoders.append(x)
        return precoders


def draw_y(seed, antennas=(4, 4, 4), size=0.6):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(3, 8))
    y[:, 7] = 0.0
    for j, n in enumerate(antennas):
        y[j, max(2 * n - 1, 1) :] = 0.0
    return size * y / np.linalg.norm(y, axis=1, keepdims=True)


def draw_errors(problem, variance, share):
    powers = np.array([np.mean(np.abs(matrix) ** 2, axis=1) for matrix in problem.channels])
    return Uncertainty(error_var=variance * powers, radius=relative_ball(problem, share).radius)


def dependent(problem):
    """The same problem where a user's channel repeats another, one is nearly a third one, and one is missing."""
    channels = [matrix.copy() for matrix in problem.channels]
    channels[0][1] = (2.0 - 1j) * channels[0][0]
    channels[1][2] = channels[1][3] + 1e-9 * channels[1][0]
    channels[2][2] = 0.0
    return SynergyProblem(tuple(channels), problem.powers_mw)


@pytest.mark.parametrize("antennas", SIZES)
@pytest.mark.parametrize("spoil", [False, True])
def test_the_frame_keeps_every_received_power_and_norm(kernels, draw_problem, antennas, spoil):
    problem = draw_problem(3, antennas)
    problem = dependent(problem) if spoil else problem
    scene = Scene(kernels, problem)
    y = draw_y(4, antennas)
    scene.rates(y)
    precoders = scene.lift(y)
    powers = received_powers(problem.channels, precoders)
    np.testing.assert_allclose(scene.work.heard[:, :4], powers, rtol=1e-9, atol=1e-9 * powers.max())
    used = [np.vdot(x, x).real / p for x, p in zip(precoders, problem.powers_mw, strict=True)]
    np.testing.assert_allclose(used, scene.work.heard[:, 5], rtol=1e-12)
    back, z = np.zeros((3, 8)), np.zeros(4, dtype=np.complex128)
    for j, x in enumerate(precoders):
        kernels.lower(scene.bases[j], problem.powers_mw[j], x, z, back[j])
    np.testing.assert_allclose(back * np.sign(y[:, :1]), y, atol=1e-12)


def test_lifted_precoders_keep_the_budget_to_the_last_bit(kernels, draw_problem):
    problem = draw_problem(5, (8, 3, 4))
    scene = Scene(kernels, problem)
    for seed in range(50):
        precoders = scene.lift(draw_y(seed, (4, 3, 4), size=1.0))
        assert problem.violation(precoders) <= 0.0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("antennas", SIZES)
def test_the_bound_in_closed_form_is_the_largest_generalised_eigenvalue(kernels, draw_problem, antennas, seed):
    for scale in (1e-4, 1.0, 100.0):
        drawn = draw_problem(seed, antennas)
        problem = SynergyProblem(tuple(scale * matrix for matrix in drawn.channels), drawn.powers_mw)
        bound = kernels.genie_bound(Scene(kernels, problem).rows) / np.log(2.0)
        assert bound == pytest.approx(upper_bound(reduce(problem)), rel=1e-7)


@pytest.mark.parametrize(("variance", "share"), [(0.0, 0.0), (0.2, 0.0), (0.0, 0.3), (0.1, 0.2)])
def test_rates_are_those_of_the_closed_forms(kernels, draw_problem, variance, share):
    problem = draw_problem(6)
    errors = draw_errors(problem, variance, share)
    scene = Scene(kernels, problem, errors)
    for seed in range(5):
        y = draw_y(seed, size=0.9)
        rates = np.maximum(scene.rates(y), 0.0) / np.log(2.0)
        np.testing.assert_allclose(rates, robust_rates(problem, scene.lift(y), errors), rtol=1e-3, atol=1e-3)


def lagrangian_gradient(scene, y, mu):
    """Gradient of -sum mu_k R_k + sum mu_{3+j} ||y_j||^2 by y, (21,)."""
    scene.rates(y)
    work = scene.work
    scene.k.gradients(scene.forms, scene.errors, y, work.parts, work.heard, True, work.grads)
    scene.k.rate_slopes(work.levels, work.grads, work.inverses, work.slopes)
    blocks = [2.0 * mu[3 + j] * y[j] - np.tensordot(mu[:3], work.slopes[:, j], 1) for j in range(3)]
    return np.concatenate([block[:7] for block in blocks])


@pytest.mark.parametrize(("variance", "share"), [(0.0, 0.0), (0.2, 0.0), (0.0, 0.3), (0.1, 0.2)])
@pytest.mark.parametrize("seed", [1, 2])
def test_slopes_and_newton_system_against_finite_differences(kernels, draw_problem, variance, share, seed):
    problem = draw_problem(seed)
    scene = Scene(kernels, problem, draw_errors(problem, variance, share))
    work, y, rng = scene.work, draw_y(seed), np.random.default_rng(seed)
    mu, tau, step = rng.uniform(0.1, 1.0, 6), 0.03, 1e-6
    phi = scene.rates(y).min() - 0.1
    kernels.slacks(work.heard, work.levels, phi, work.slack)
    work.mu[:], work.run[1], slack = mu, tau, work.slack.copy()
    model = kernels.Model(scene.forms, scene.quads, scene.errors, variance + share > 0.0, 1.0, 1)
    by_phi, corner = kernels.newton_system(model, y, work)
    slopes, system = work.slopes.copy(), work.S.copy()
    rows, hessian = [], np.zeros((21, 21))
    for index, (j, a) in enumerate(itertools.product(range(3), range(7))):
        above, below = y.copy(), y.copy()
        above[j, a] += step
        below[j, a] -= step
        difference = (scene.rates(above) - scene.rates(below)) / (2.0 * step)
        np.testing.assert_allclose(slopes[:, j, a], difference, rtol=1e-5, atol=1e-5 * np.abs(slopes).max())
        rows.append(slopes[:, j, a])
        hessian[index] = lagrangian_gradient(scene, above, mu) - lagrangian_gradient(scene, below, mu)
    hessian /= 2.0 * step
    gradients = np.zeros((6, 22))
    gradients[:3] = np.hstack([np.array(rows).T, -np.ones((3, 1))])
    for j in range(3):
        gradients[3 + j, 7 * j : 7 * j + 7] = -2.0 * y[j, :7]
    whole = np.zeros((22, 22))
    whole[:21, :21] = hessian
    whole += (gradients.T * (mu / slack)) @ gradients
    pull = -(gradients.T @ (tau / slack))
    pull[21] -= 1.0
    np.testing.assert_allclose([by_phi, corner], [pull[21], whole[21, 21]], rtol=1e-12)
    schur = whole[:21, :21] - np.outer(whole[:21, 21], whole[21, :21]) / whole[21, 21]
    upper = np.triu_indices(21)
    np.testing.assert_allclose(system[:, :21][upper], schur[upper], atol=1e-6 * np.abs(schur).max())
    wanted = whole[:21, 21] * pull[21] / whole[21, 21] - pull[:21]
    np.testing.assert_allclose(system[:, 21], wanted, atol=1e-9 * np.abs(wanted).max())


def test_factorisation_solves_what_numpy_solves_and_knows_what_is_not_positive_definite(kernels):
    rng = np.random.default_rng(1)
    square, wanted = rng.normal(size=(21, 21)), rng.normal(size=21)
    matrix = square @ square.T + np.eye(21)
    S, U, inverse, step = np.zeros((21, 24)), np.zeros((21, 24)), np.zeros(21), np.zeros((3, 8))
    S[:, :21], S[:, 21] = matrix, (matrix + 0.5 * np.eye(21)) @ wanted
    assert kernels.factorise(S, 0.5, 1e-12, U, inverse)
    kernels.back_substitute(U, inverse, step)
    np.testing.assert_allclose(step[:, :7].ravel(), wanted, atol=1e-10)
    least = np.linalg.eigvalsh(matrix)[0]
    for place in (0, 9, 20):
        S[:, :21] = matrix
        S[place, place] -= 2.0 * matrix[place, place]
        assert not kernels.factorise(S, 0.0, 1e-12, U, inverse)
    S[:, :21] = matrix - (least + 0.1) * np.eye(21)
    assert not kernels.factorise(S, 0.0, 1e-12, U, inverse)
    assert kernels.factorise(S, 0.2, 1e-12, U, inverse)


def test_balanced_powers_are_the_best_of_the_grid(kernels, draw_problem):
    problem = draw_problem(7)
    scene, y = Scene(kernels, problem), draw_y(7, size=1.0)
    shares = np.array([1.0, 0.2, 0.04])
    scene.rates(y)
    powers = scene.work.heard[:, :4].copy()
    trials = [np.array(trial)[:, None] * powers for trial in itertools.product(0.8 * shares, repeat=3)]
    best = max(float(min_rate_nats(trial)) for trial in trials)
    reached = kernels.balance(
        scene.forms, scene.errors, shares, 0.8, y, scene.work.parts, scene.work.heard, scene.work.levels
    )
    assert reached == pytest.approx(best, rel=1e-9)
    assert scene.rates(y).min() == pytest.approx(best, rel=1e-9)


def test_the_baselines_null_whom_they_should(kernels, draw_problem):
    problem = draw_problem(8)
    scene, y = Scene(kernels, problem), np.zeros((3, 8))
    system = np.zeros((4, 5), dtype=np.complex128)
    kernels.deaf_to_eve(scene.rows, system, y)
    scene.rates(y)
    own = np.array([scene.work.heard[j, j] for j in range(3)])
    assert (scene.work.heard[:, 3] < 1e-12 * own).all()
    kernels.leakage(scene.rows, kernels.leakage_scale(scene.rows), system, y)
    scene.rates(y)
    for j in range(3):
        others = [scene.work.heard[j, k] for k in range(4) if k != j]
        assert max(others) < 1e-6 * scene.work.heard[j, j]
    kernels.matched(y)
    scene.rates(y)
    gains = [
        np.vdot(m[j], m[j]).real * p for j, (m, p) in enumerate(zip(problem.channels, problem.powers_mw, strict=False))
    ]
    np.testing.assert_allclose([scene.work.heard[j, j] for j in range(3)], gains)


def test_a_step_raises_the_barrier_and_leaves_every_constraint_slack(kernels, draw_problem):
    problem = draw_problem(9)
    scene = Scene(kernels, problem)
    y, work = draw_y(9, size=0.8), scene.work
    for limit in (1, 2, 4, 8):
        model = kernels.Model(scene.forms, scene.quads, scene.errors, False, 1.0, limit)
        at = y.copy()
        before = scene.rates(at).min()
        kernels.ascend(model, 1e-2, 1e-6, at, work)
        assert scene.rates(at).min() > before
        assert (work.slack > 0.0).all()
        assert (np.linalg.norm(at, axis=1) < 1.0).all()
        assert work.run[5] == limit
