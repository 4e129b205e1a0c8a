"""An approximate inverse of the Lagrangian's Hessian, compiled: what makes the descent short.

The Hessian is taken for

    M = B + G^T D G,    B = blocks 2 weight I + 2 sum_r [slope_r]+ c_r c_r^H, one per stream,

where slopes are the Lagrangian's by |c_r^H w|^2 and the weight is that by ||w||^2; the rows of G are the gradients of
the slacks that press (and of R_S, for the objective), with the penalty in D. By Woodbury's identity M^-1 is B^-1 -
T^T T with as many rows in T as press. Curvature that could be negative is left out: M is positive definite.
"""

import math
from typing import NamedTuple

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.compiled import compiled
from twin.solvers.rsma.fast_constraints import RATE
from twin.solvers.rsma.fast_lagrangian import LEAST_RATE, slopes_at
from twin.solvers.rsma.fast_model import ALL, BY, DATA, FORCE, IM, JAMMING, RE, SLOPE, Model, Work


class Shape(NamedTuple):
    """B^-1 and T."""

    blocks_1: ComplexArray
    """(2, d_1, d_1): inverse blocks of station 1's streams."""
    blocks_2: ComplexArray
    """(K, d_2, d_2)."""
    gradients: RealArray
    """(9 + R, n): G, then scratch."""
    rows: RealArray
    """(9 + R, n): T."""
    small: RealArray
    """(9 + R, 9 + R): the factor of D^-1 + G B^-1 G^T."""
    weights: RealArray
    """(9 + R,): D."""


@compiled
def shape_for(model: Model, size: int) -> Shape:
    """Room for the shape of vectors of a size."""
    first, second, streams = model.h.shape[2], model.g.shape[2], model.jamming.shape[0]
    terms = 9 + model.owed.shape[0]
    return Shape(
        np.zeros((2, first, first), np.complex128),
        np.zeros((streams, second, second), np.complex128),
        np.zeros((terms, size)),
        np.zeros((terms, size)),
        np.zeros((terms, terms)),
        np.zeros(terms),
    )


@compiled
def dot(a: RealArray, b: RealArray) -> float:
    """Inner product, in four sums that can be formed side by side."""
    s, t, u, v = 0.0, 0.0, 0.0, 0.0
    whole = a.shape[0] // 4 * 4
    for i in range(0, whole, 4):
        s += a[i] * b[i]
        t += a[i + 1] * b[i + 1]
        u += a[i + 2] * b[i + 2]
        v += a[i + 3] * b[i + 3]
    for i in range(whole, a.shape[0]):
        s += a[i] * b[i]
    return (s + t) + (u + v)


@compiled
def invert(a: ComplexArray) -> None:
    """The inverse of a Hermitian positive definite matrix, in place, by Gauss and Jordan."""
    n = a.shape[0]
    for p in range(n):
        pivot = 1.0 / a[p, p].real
        a[p, p] = 1.0
        for c in range(n):
            a[p, c] *= pivot
        for r in range(n):
            if r != p:
                factor = a[r, p]
                a[r, p] = 0.0
                for c in range(n):
                    a[r, c] -= factor * a[p, c]


@compiled
def block(c: RealArray, slopes: RealArray, weight: float, out: ComplexArray) -> None:
    """Inverse of 2 weight I + 2 sum_r [slope_r]+ c_r c_r^H."""
    n = out.shape[0]
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
        out[i, i] = 2.0 * weight
    for r in range(slopes.shape[0]):
        slope = 2.0 * slopes[r]
        if slope > 0.0:
            for i in range(n):
                left = slope * complex(c[RE, r, i], c[IM, r, i])
                for j in range(n):
                    out[i, j] += left * complex(c[RE, r, j], -c[IM, r, j])
    invert(out)


@compiled
def apply_block(a: ComplexArray, v: RealArray, begin: int, out: RealArray) -> None:
    """Entries of one stream, which begin at v[begin], times a."""
    n = a.shape[0]
    for i in range(n):
        real, imaginary = 0.0, 0.0
        for j in range(n):
            x, y = v[begin + j], v[begin + n + j]
            real += a[i, j].real * x - a[i, j].imag * y
            imaginary += a[i, j].real * y + a[i, j].imag * x
        out[begin + i] = real
        out[begin + n + i] = imaginary


@compiled
def apply_blocks(shape: Shape, v: RealArray, out: RealArray) -> None:
    """Out = B^-1 v."""
    first, second = shape.blocks_1, shape.blocks_2
    begin = 0
    for k in range(2):
        apply_block(first[k], v, begin, out)
        begin += 2 * first.shape[1]
    for k in range(second.shape[0]):
        apply_block(second[k], v, begin, out)
        begin += 2 * second.shape[1]
    for i in range(begin, v.shape[0]):
        out[i] = v[i]


@compiled
def reshape(model: Model, x: RealArray, rate: float, margin: float, penalty: float, work: Work, shape: Shape) -> int:
    """Find B^-1 and T at x, where the Lagrangian has just been evaluated; returns how many rows T has."""
    scalars, terms = work.scalars, work.terms
    for k in range(2):
        block(model.h, work.at_1[SLOPE, k], scalars[BY, DATA + k], shape.blocks_1[k])
    for k in range(model.jamming.shape[0]):
        weight = scalars[BY, ALL] + model.jamming[k] * scalars[BY, JAMMING]
        block(model.g, work.at_2[SLOPE, k], weight, shape.blocks_2[k])
    count = 0
    weights = shape.weights
    for i in range(terms.shape[1]):
        weights[i] = penalty if terms[FORCE, i] < 0.0 else 0.0
    weights[RATE] += 1.0 / max(rate, LEAST_RATE) ** 2
    for i in range(terms.shape[1]):
        if weights[i] > 0.0:
            for j in range(terms.shape[1]):
                terms[FORCE, j] = 0.0
            terms[FORCE, i] = 1.0
            slopes_at(model, x, rate, margin, 0.0, work, shape.gradients[count])
            weights[count] = weights[i]
            apply_blocks(shape, shape.gradients[count], shape.rows[count])
            count += 1
    whiten(shape, count)
    return count


@compiled
def whiten(shape: Shape, count: int) -> None:
    """Rows T = C^-1 G B^-1, where C C^T = D^-1 + G B^-1 G^T, from rows G B^-1."""
    c, rows = shape.small, shape.rows
    for i in range(count):
        for j in range(i + 1):
            c[i, j] = dot(rows[i], shape.gradients[j])
        c[i, i] += 1.0 / shape.weights[i]
    for i in range(count):
        for j in range(i + 1):
            total = c[i, j]
            for m in range(j):
                total -= c[i, m] * c[j, m]
            c[i, j] = total / c[j, j] if j < i else math.sqrt(max(total, 1e-300))
        for j in range(i):
            for m in range(rows.shape[1]):
                rows[i, m] -= c[i, j] * rows[j, m]
        for m in range(rows.shape[1]):
            rows[i, m] /= c[i, i]


@compiled
def apply(shape: Shape, count: int, v: RealArray, spare: RealArray) -> None:
    """V := M^-1 v."""
    apply_blocks(shape, v, spare)
    rows = shape.rows
    for i in range(count):
        total = dot(rows[i], v)
        for m in range(v.shape[0]):
            spare[m] -= total * rows[i, m]
    for m in range(v.shape[0]):
        v[m] = spare[m]
