"""The (Q, L) step of Kong et al., Algorithm 1, line 5, on CVXPY: problem P4, eq. (65), for one pair.

Corrected as in the notes of problem.py and fast_pair.py; with noise-normalised channels (sigma = omega = 1):

    minimise  alpha + beta + gamma + sum_j theta_j          eq. (38), terms that Q and L move
    alpha   >= ||F_R (U_R^H H_ii Q - I)||^2 + ||F_R U_R^H H_ii L||^2        eqs (37b), (46)
    beta    >= ||F_E+ (U_E^H H_E L - I)||^2                                  eqs (37c), (60)
    gamma   >= ||F_E- H_E Q||^2 + ||F_E- H_E L||^2                           eqs (37d), (62)
    theta_j >= ||Pi_j^(1/2) H_ji Q||^2 + ||Pi_j^(1/2) H_ji L||^2             eqs (37e), (64), price at H_ji

for all H within a Frobenius ball of radius zeta sqrt(gain) about the estimate. A right side is ||A (H + D) G - C||^2
with G = Q, L or [Q L]; by vec(A D G) = (G^T x A) vec(D) and the sign-definiteness lemma it is at most t for every ||D||
<= r iff for some lambda >= 0

    [ t - lambda      xi^H       0       ]
    [    xi            I       -r J      ]  >= 0,    xi = vec(A H G - C),  J = G^T x A          eqs (55), (57)-(59)
    [    0          -r J^H    lambda I   ]

Parts of the paper's xi that Q and L do not move, vec(F U^H Upsilon^(1/2)) and sigma vec(F U^H) of (46), (60) and (62),
have no rows in J: they only shift t, and are left out. U and F come in closed form, eqs (33)-(36) and (28).
"""

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from twin.signal.arrays import ComplexArray
from twin.signal.interference_channel import noise_covariances
from twin.solvers.pricing.problem import InterferenceProblem, Precoders

_USABLE: Final = frozenset({"optimal", "optimal_inaccurate"})
_EXACT_SOLVER: Final[dict[str, Any]] = {"solver": "CLARABEL", "tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9}
_LMI_SOLVER: Final[dict[str, Any]] = {"solver": "SCS", "eps_abs": 1e-5, "eps_rel": 1e-5, "max_iters": 20_000}


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """One of the right sides: ||left (channel + D) G - offset||^2 for every ||D|| <= radius."""

    left: ComplexArray
    channel: ComplexArray
    offset: ComplexArray
    radius: float
    columns: str
    """Which precoders G holds: "q", "l" or "both" = [Q L]."""


def step(
    problem: InterferenceProblem, i: int, precoders: Precoders, radius_factor: float = 1.0
) -> tuple[ComplexArray, ComplexArray] | None:
    """Q and L of pair i after one step from these precoders of all pairs; None if the solver gave out.

    `radius_factor` times zeta is the radius of the ball; the paper has 1, which covers few errors (95 % takes 4.8 with
    4 x 4 antennas).
    """
    import cvxpy
    from cvxpy.error import SolverError as SolverGaveOut

    cp: Any = cvxpy
    shape = (problem.antennas,)
    q = cp.Variable((*shape, problem.streams), complex=True)
    an = cp.Variable((*shape, problem.noise_streams), complex=True) if problem.noise_streams else None
    groups = {"q": q, "l": an, "both": q if an is None else cp.hstack([q, an])}
    budget = float(problem.powers_mw[i])
    constraints = [cp.sum_squares(groups["both"]) <= budget]
    goal, certain = 0.0, True
    for bound in bounds(problem, i, precoders, radius_factor):
        if groups[bound.columns] is None:
            continue
        level, added = worst_case(cp, bound, groups[bound.columns])
        goal, certain = goal + level, certain and bound.radius == 0.0
        constraints += added
    program = cp.Problem(cp.Minimize(goal), constraints)
    try:
        with warnings.catch_warnings():
            # An inaccurate answer is no surprise here: what it is worth is evaluated, never believed.
            warnings.simplefilter("ignore", UserWarning)
            program.solve(**(_EXACT_SOLVER if certain else _LMI_SOLVER))
    except SolverGaveOut:
        return None
    if program.status not in _USABLE or not np.isfinite(q.value).all():
        return None
    noise = np.zeros((problem.antennas, 0), complex) if an is None else np.asarray(an.value)
    return np.asarray(q.value).reshape(problem.antennas, -1), noise.reshape(problem.antennas, problem.noise_streams)


def worst_case(cp: Any, bound: Bound, group: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401 - CVXPY has no types
    """A level t, and the constraints that make it at least the bound."""
    level = cp.Variable()
    moved = bound.left @ bound.channel @ group - bound.offset
    if bound.radius == 0.0:
        return level, [cp.sum_squares(moved) <= level]
    xi = cp.reshape(cp.vec(moved, order="F"), (-1, 1), order="F")
    jacobian = cp.kron(group.T, bound.left)
    rows, columns = jacobian.shape
    multiplier = cp.Variable(nonneg=True)
    corner = cp.reshape(level - multiplier, (1, 1), order="F")
    matrix = cp.bmat(
        [
            [corner, xi.H, np.zeros((1, columns))],
            [xi, np.eye(rows), -bound.radius * jacobian],
            [np.zeros((columns, 1)), -bound.radius * jacobian.H, multiplier * np.eye(columns)],
        ]
    )
    return level, [0.5 * (matrix + matrix.H) >> 0]


def bounds(problem: InterferenceProblem, i: int, precoders: Precoders, radius_factor: float) -> list[Bound]:
    """The right sides for pair i at these precoders: receivers, weights and prices in closed form."""
    q, an = precoders
    d_s, d_a = problem.streams, problem.noise_streams
    noise = noise_covariances(problem.channels, q, an)
    radii = radius_factor * np.sqrt(problem.error_variances)
    eve_radius = radius_factor * float(np.sqrt(problem.eve_error_variances[i]))
    main, eve = problem.channels[i, i], problem.eve_channels[i]
    signal = main @ q[i]
    receiver = np.linalg.solve(noise[i] + signal @ signal.conj().T, signal)  # eq. (33)
    weight = _root(np.eye(d_s) + signal.conj().T @ np.linalg.solve(noise[i], signal))  # eq. (35)
    jammed = eve @ an[i]
    eve_noise = np.eye(len(eve)) + jammed @ jammed.conj().T
    eve_receiver = np.linalg.solve(eve_noise, jammed)  # eq. (34)
    eve_weight = _root(np.eye(d_a) + jammed.conj().T @ jammed)  # eq. (36)
    leaked = eve @ q[i]
    hidden = _root(np.linalg.inv(eve_noise + leaked @ leaked.conj().T))  # eq. (28)
    listed = [
        Bound(
            weight @ receiver.conj().T,
            main,
            np.hstack([weight, np.zeros((d_s, d_a), np.complex128)]),
            float(radii[i, i]),
            "both",
        ),
        Bound(eve_weight @ eve_receiver.conj().T, eve, eve_weight, eve_radius, "l"),
        Bound(hidden, eve, np.zeros((len(eve), d_s + d_a), np.complex128), eve_radius, "both"),
    ]
    for j in range(problem.pairs):
        if j != i:
            sent = problem.channels[j, j] @ q[j]
            price = np.linalg.inv(noise[j]) - np.linalg.inv(noise[j] + sent @ sent.conj().T)  # eq. (24), sign corrected
            left = _root(price)
            listed.append(
                Bound(
                    left,
                    problem.channels[j, i],
                    np.zeros((len(left), d_s + d_a), np.complex128),
                    float(radii[j, i]),
                    "both",
                )
            )
    return listed


def _root(a: ComplexArray) -> ComplexArray:
    """Hermitian square root of a positive semidefinite matrix."""
    values, vectors = np.linalg.eigh(a)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.conj().T)
