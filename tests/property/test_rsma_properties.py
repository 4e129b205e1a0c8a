"""Two stations of all sizes and strengths: answers are what they say, never not finite, and blind to phases."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.solvers.result import Status
from twin.solvers.rsma.evaluate import efficiency, evaluated, excesses
from twin.solvers.rsma.fast import Effort, solve_fast
from twin.solvers.rsma.problem import HisacProblem
from twin.solvers.rsma.scheme import SCHEMES, rsma


@st.composite
def problems(draw):
    """From one antenna and one user up, faint and loud, thresholds from next to nothing to what nobody can meet."""
    first, second, users = draw(st.integers(1, 7)), draw(st.integers(1, 7)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    strength = 10.0 ** draw(st.sampled_from([-2.0, -0.5, -0.5, 0.0, 1.0]))

    def normal(*shape):
        return strength * (rng.normal(size=shape) + 1j * rng.normal(size=shape))

    h, g = normal(3 + users, first), normal(2 + users, second)
    odd = draw(st.sampled_from(["", "", "", "deaf", "twin", "no target"]))
    if odd == "deaf":
        h[1] = g[1] = 0.0
    elif odd == "twin":
        h[1], g[1] = h[0], g[0]
    elif odd == "no target":
        h[2] = 0.0
    error = draw(st.sampled_from([0.0, 0.0, 0.05, 0.3]))
    power_w = 10.0 ** draw(st.sampled_from([0.0, 2.5, 2.5, 5.0]))
    private = draw(st.sampled_from([0.0, 0.1, 1.0]))
    if users * (1.0 - 2.0**-private) >= min(second, users):
        private = 0.0
    return HisacProblem(
        channels_1=h,
        channels_2=g,
        errors_1=error * np.linalg.norm(h[:2], axis=1),
        errors_2=error * np.linalg.norm(g[:2], axis=1),
        power_1_w=power_w,
        power_2_w=power_w,
        circuit_w=draw(st.sampled_from([0.1, 11.0])),
        echo_gain=0.0145,
        threshold=draw(st.sampled_from([0.01, 0.5, 3.0])),
        least_secrecy=draw(st.sampled_from([0.0, 0.5, 1.0])),
        least_common=draw(st.sampled_from([0.0, 0.3, 1.0])),
        least_private=private,
    )


@settings(max_examples=60, deadline=None)
@given(problem=problems(), method=st.sampled_from(list(SCHEMES)))
def test_a_solution_is_finite_and_what_it_says(problem, method):
    scheme = SCHEMES[method](problem)
    solution = solve_fast(problem, scheme=scheme, method=method, effort=Effort(starts=2, more_starts=2))
    w, o = solution.precoders
    assert np.isfinite(w).all()
    assert np.isfinite(o).all()
    assert np.linalg.norm(w) ** 2 <= problem.power_1_w
    assert np.linalg.norm(o) ** 2 <= problem.power_2_w
    assert solution.status in {Status.SOLVED, Status.INFEASIBLE}
    assert (solution.violation <= 0.0) == (solution.status is Status.SOLVED)
    again = evaluated(problem, scheme, method, (w, o), 0)
    assert (again.objective, again.violation) == (solution.objective, solution.violation)


@settings(max_examples=50, deadline=None)
@given(problem=problems(), seed=st.integers(0, 2**32))
def test_phases_of_beams_and_channels_are_nobodys_business(problem, seed):
    rng = np.random.default_rng(seed)
    shapes = (problem.antennas[0], 2), (problem.antennas[1], problem.users + 1)
    beams = [rng.normal(size=shape) + 1j * rng.normal(size=shape) for shape in shapes]
    turned = [x * np.exp(2j * np.pi * rng.random(x.shape[1])) for x in beams]
    scheme = rsma(problem)
    np.testing.assert_allclose(
        excesses(problem, tuple(turned), scheme), excesses(problem, tuple(beams), scheme), rtol=1e-6, atol=1e-6
    )
    before, after = (efficiency(problem, tuple(x), scheme) for x in (beams, turned))
    assert abs(after - before) <= 1e-9


@settings(max_examples=50, deadline=None)
@given(problem=problems(), seed=st.integers(0, 2**32), share=st.floats(0.0, 0.9))
def test_smaller_errors_are_never_worse(problem, seed, share):
    """Worst cases are nested: every excess shrinks with the radii, and the efficiency grows."""
    rng = np.random.default_rng(seed)
    shapes = (problem.antennas[0], 2), (problem.antennas[1], problem.users + 1)
    beams = tuple(rng.normal(size=shape) + 1j * rng.normal(size=shape) for shape in shapes)
    values = {name: getattr(problem, name) for name in HisacProblem.__slots__}
    closer = HisacProblem(**{**values, "errors_1": share * problem.errors_1, "errors_2": share * problem.errors_2})
    far, near = (excesses(p, beams, rsma(p)) for p in (problem, closer))
    assert (near <= far + 1e-9 * np.maximum(1.0, np.abs(far))).all()
    assert efficiency(closer, beams, rsma(closer)) >= efficiency(problem, beams, rsma(problem)) - 1e-9
