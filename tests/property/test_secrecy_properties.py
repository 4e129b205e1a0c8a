"""What holds for every scene: secrecy rates by eqs (14)-(16), and the solver against its baselines."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from twin.signal.secrecy import secrecy_rate, secrecy_rates
from twin.signal.sinr import received_powers
from twin.solvers.synergy.baselines import local_mrt
from twin.solvers.synergy.problem import SynergyProblem, reduce, upper_bound
from twin.solvers.synergy.solve import solve

SINRS = st.floats(0.0, 1e9)
quick = settings(derandomize=True, database=None, deadline=None)
PHASES = arrays(np.float64, 3, elements=st.floats(-7.0, 7.0))
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def scenes(draw):
    """Channels with gains from -20 to 30 dB, one to six antennas, precoders within budgets from -10 to 20 dBm."""
    rng = np.random.default_rng(draw(SEEDS))
    antennas = draw(st.tuples(*[st.integers(1, 6)] * 3))
    gains_db = draw(st.tuples(*[st.floats(-20.0, 30.0)] * 3))
    powers = tuple(float(10.0 ** (level / 10.0)) for level in draw(st.tuples(*[st.floats(-10.0, 20.0)] * 3)))
    channels, precoders = [], []
    for n, gain, power in zip(antennas, gains_db, powers, strict=True):
        channels.append(10.0 ** (gain / 20.0) * (rng.normal(size=(4, n)) + 1j * rng.normal(size=(4, n))))
        x = rng.normal(size=n) + 1j * rng.normal(size=n)
        precoders.append(x * np.sqrt(power * rng.uniform()) / np.linalg.norm(x))
    return SynergyProblem(tuple(channels), powers), tuple(precoders)


@quick
@given(SINRS, SINRS)
def test_a_secrecy_rate_is_never_negative_nor_above_the_rate_without_an_eavesdropper(user, eve):
    rate = float(secrecy_rate(np.array(user), np.array(eve)))
    assert 0.0 <= rate <= np.log2(1.0 + user) + 1e-12


@quick
@given(SINRS, SINRS, st.floats(0.0, 1e6))
def test_it_rises_with_the_users_sinr_and_falls_with_the_eavesdroppers(user, eve, more):
    rate, better, worse = secrecy_rate(np.array([user, user + more, user]), np.array([eve, eve, eve + more]))
    assert worse <= rate <= better


@quick
@given(scenes(), PHASES, PHASES)
def test_a_phase_common_to_a_vector_changes_no_rate(scene, precoder_phases, channel_phases):
    problem, precoders = scene
    turned = [x * np.exp(1j * phase) for x, phase in zip(precoders, precoder_phases, strict=True)]
    channels = [matrix.copy() for matrix in problem.channels]
    for matrix, phase in zip(channels, channel_phases, strict=True):
        matrix[1] *= np.exp(1j * phase)
        matrix[3] *= np.exp(-2j * phase)
    np.testing.assert_allclose(
        secrecy_rates(channels, turned), secrecy_rates(problem.channels, precoders), atol=1e-9, rtol=1e-9
    )


@quick
@given(scenes(), SEEDS)
def test_antennas_rotated_together_with_the_precoder_change_no_power(scene, seed):
    problem, precoders = scene
    rng = np.random.default_rng(seed)
    channels, rotated = [], []
    for matrix, x in zip(problem.channels, precoders, strict=True):
        n = matrix.shape[1]
        unitary, _ = np.linalg.qr(rng.normal(size=(n, n)) + 1j * rng.normal(size=(n, n)))
        channels.append(matrix @ unitary.T)
        rotated.append(unitary @ x)
    wanted = received_powers(problem.channels, precoders)
    np.testing.assert_allclose(received_powers(channels, rotated), wanted, rtol=1e-8, atol=1e-9 * wanted.max())


@quick
@given(scenes())
def test_noise_and_power_matter_only_by_their_ratio(scene):
    problem, precoders = scene
    louder = [4.0 * matrix for matrix in problem.channels]
    quieter = [x / 4.0 for x in precoders]
    np.testing.assert_array_equal(secrecy_rates(louder, quieter), secrecy_rates(problem.channels, precoders))


@quick
@given(scenes())
def test_the_upper_bound_and_the_reduction_hold_for_any_precoders(scene):
    problem, precoders = scene
    reduced = reduce(problem)
    rates = problem.rates(precoders)
    assert rates.min() <= upper_bound(reduced) * (1.0 + 1e-9) + 1e-12
    kept = reduced.lift(reduced.lower(precoders))
    np.testing.assert_allclose(problem.rates(kept), rates, rtol=1e-6, atol=1e-8)
    assert problem.violation(kept) <= 1e-12


@settings(quick, max_examples=25)
@given(scenes())
def test_the_solver_is_never_below_its_baselines_nor_above_the_bound(scene):
    problem, _ = scene
    solution = solve(problem, method="reference", starts=("mrt-balanced",), max_iterations=2)
    assert solution.violation <= 1e-12
    assert solution.objective == problem.rates(solution.precoders).min()
    assert solution.objective <= solution.evidence["upper_bound"] * (1.0 + 1e-9) + 1e-12
    assert solution.objective >= solve(problem, method="mrt").objective - 1e-12
    assert solution.objective >= problem.rates(local_mrt(problem)).min() - 1e-12
