"""Matrices for beams: rows are what is heard and sent, and nothing is lost in the spans of the channels."""

import numpy as np
import pytest

from twin.signal.hisac import reception
from twin.solvers.rsma.evaluate import constraint_names, excesses
from twin.solvers.rsma.lifted import BOB, EVE, TARGET, lifted
from twin.solvers.rsma.linear import Cases, forms, terms
from twin.solvers.rsma.problem import HisacProblem
from twin.solvers.rsma.scheme import rsma


def problem_of(rng, antennas=(7, 6), users=2, error=0.1):
    first = rng.normal(size=(3 + users, antennas[0])) + 1j * rng.normal(size=(3 + users, antennas[0]))
    second = rng.normal(size=(2 + users, antennas[1])) + 1j * rng.normal(size=(2 + users, antennas[1]))
    return HisacProblem(
        channels_1=first,
        channels_2=second,
        errors_1=error * np.linalg.norm(first[:2], axis=1),
        errors_2=error * np.linalg.norm(second[:2], axis=1),
        power_1_w=20.0,
        power_2_w=30.0,
        circuit_w=5.0,
        echo_gain=0.01,
        threshold=0.5,
        least_secrecy=1.0,
        least_common=1.0,
        least_private=0.5,
    )


def beams_of(rng, problem):
    shapes = problem.beams_shape
    return tuple(rng.normal(size=shape) + 1j * rng.normal(size=shape) for shape in shapes)


@pytest.mark.parametrize("antennas", [(7, 6), (3, 2), (1, 1)])
def test_rows_are_what_beams_in_the_spans_send_and_receivers_hear(antennas):
    rng = np.random.default_rng(3)
    problem = problem_of(rng, antennas)
    frame = lifted(problem)
    inside = tuple(basis @ basis.conj().T @ x for basis, x in zip(frame.bases, beams_of(rng, problem), strict=True))
    u = frame.lift(inside)
    columns = [*inside[0].T, *inside[1].T]
    for stream, column in enumerate(columns):
        channels = problem.channels_1 if stream < 2 else problem.channels_2
        assert frame.sent((stream,)) @ u == pytest.approx(sum(abs(x) ** 2 for x in column), rel=1e-10)
        for receiver, channel in enumerate(channels):
            wanted = abs(sum(c.conjugate() * x for c, x in zip(channel, column, strict=True))) ** 2
            assert frame.heard(receiver, (stream,)) @ u == pytest.approx(wanted, rel=1e-10)
    both = frame.heard(TARGET, (0, 1)) @ u
    assert both == pytest.approx(frame.heard(TARGET, (0,)) @ u + frame.heard(TARGET, (1,)) @ u, rel=1e-12)


def test_beams_outside_the_spans_are_heard_by_nobody():
    rng = np.random.default_rng(4)
    problem = problem_of(rng, (9, 8))
    frame, beams = lifted(problem), beams_of(rng, problem)
    inside = tuple(basis @ basis.conj().T @ x for basis, x in zip(frame.bases, beams, strict=True))
    for channels, whole, part in zip((problem.channels_1, problem.channels_2), beams, inside, strict=True):
        assert np.linalg.norm(whole - part) > 0.1
        np.testing.assert_allclose(channels.conj() @ whole, channels.conj() @ part, atol=1e-12)


def test_principal_vectors_of_rank_one_are_the_beams_up_to_phase():
    rng = np.random.default_rng(5)
    problem = problem_of(rng, (4, 4))
    frame, beams = lifted(problem), beams_of(rng, problem)
    found, gap = frame.principal(frame.lift(beams))
    assert gap < 1e-12
    for wanted, got in zip(beams, found, strict=True):
        overlap = np.abs((wanted.conj() * got).sum(axis=0))
        np.testing.assert_allclose(overlap, np.linalg.norm(wanted, axis=0) ** 2, rtol=1e-10)
    u = frame.lift(beams)
    assert frame.along(beams) @ u == pytest.approx(sum(np.linalg.norm(x) ** 2 for x in beams), rel=1e-10)


@pytest.mark.parametrize("error", [0.0, 0.03, 0.3])
def test_linear_worst_cases_lie_on_their_side_and_tangents_touch(error):
    rng = np.random.default_rng(6)
    problem = problem_of(rng, (4, 4), error=error)
    frame = lifted(problem)
    found = terms(frame)
    errors = (problem.errors_1, problem.errors_2)
    for _ in range(20):
        beams, other = beams_of(rng, problem), beams_of(rng, problem)
        u = frame.lift(beams)
        exact = np.array(reception((problem.channels_1, problem.channels_2), beams, errors))
        np.testing.assert_allclose(np.array(found.exact(u)), exact, rtol=1e-9, atol=1e-9)
        touching = np.array(found.rows(Cases.TANGENT, found.slopes(u, 1e9))) @ u
        np.testing.assert_allclose(touching, exact, rtol=1e-6, atol=1e-9)
        for cases, slopes in (
            (Cases.TANGENT, found.slopes(frame.lift(other), 100.0)),
            (Cases.NORM, np.ones(9)),
        ):
            safe = np.array(found.rows(cases, slopes)) @ u
            assert (found.signs * (safe - exact) >= -1e-9).all()
        optimistic = np.array(found.rows(Cases.OUTER, np.ones(9))) @ u
        assert (found.signs * (optimistic - exact) <= 1e-9).all()


def test_a_row_is_negative_exactly_where_its_constraint_is_missed():
    rng = np.random.default_rng(7)
    problem = problem_of(rng, (4, 4))
    frame, scheme = lifted(problem), rsma(problem)
    found, signs = terms(frame), []
    for _ in range(200):
        beams = beams_of(rng, problem)
        beams = beams[0] * rng.uniform(0.1, 3.0, 2), beams[1] * rng.uniform(0.1, 3.0)
        u = frame.lift(beams)
        rows = forms(frame, found.rows(Cases.TANGENT, found.slopes(u, 1e9)), 0.0)
        values = dict(zip(rows.names, rows.matrix @ u + rows.offset, strict=True))
        missed = dict(zip(constraint_names(scheme), excesses(problem, beams, scheme), strict=True))
        assert set(values) == set(missed) - {"secrecy_rate"}
        for name, value in values.items():
            assert (value < 0.0) == (missed[name] > 0.0), name
        signs.append([value < 0.0 for value in values.values()])
        assert rows.sent @ u == pytest.approx(sum(np.linalg.norm(x) ** 2 for x in beams), rel=1e-10)
    share = np.mean(signs, axis=0)
    assert ((share > 0.0) & (share < 1.0)).all()  # every constraint was met and missed


def test_rows_of_bob_and_eve_are_apart():
    rng = np.random.default_rng(8)
    frame = lifted(problem_of(rng))
    assert not np.allclose(frame.heard(BOB, (0,)), frame.heard(EVE, (0,)))
