"""Small complex linear algebra, compiled. Hermitian matrices are kept in their lower triangles."""

import math

from twin.signal.arrays import ComplexArray
from twin.solvers.compiled import compiled

_LEAST_PIVOT = 1e-300
_NEXT_TO_NOTHING = 1e-13


@compiled
def square(a: complex) -> float:
    """|a|^2."""
    power: float = a.real * a.real + a.imag * a.imag
    return power


@compiled
def power(a: ComplexArray) -> float:
    """||a||_F^2 of a matrix."""
    total = 0.0
    for r in range(a.shape[0]):
        for c in range(a.shape[1]):
            total += square(a[r, c])
    return total


@compiled
def multiply(a: ComplexArray, b: ComplexArray, out: ComplexArray) -> None:
    """Out = a b."""
    for r in range(a.shape[0]):
        for c in range(b.shape[1]):
            total = 0.0j
            for k in range(a.shape[1]):
                total += a[r, k] * b[k, c]
            out[r, c] = total


@compiled
def multiply_adjoint(a: ComplexArray, b: ComplexArray, out: ComplexArray) -> None:
    """Out = a^H b."""
    for r in range(a.shape[1]):
        for c in range(b.shape[1]):
            total = 0.0j
            for k in range(a.shape[0]):
                total += a[k, r].conjugate() * b[k, c]
            out[r, c] = total


@compiled
def add_gram(a: ComplexArray, weight: float, out: ComplexArray) -> None:
    """Lower triangle of out += weight a a^H."""
    for r in range(a.shape[0]):
        for c in range(r + 1):
            total = 0.0j
            for k in range(a.shape[1]):
                total += a[r, k] * a[c, k].conjugate()
            out[r, c] += weight * total


@compiled
def add_diagonal(weight: float, out: ComplexArray) -> None:
    """Out += weight I."""
    for r in range(out.shape[0]):
        out[r, r] += weight


@compiled
def clear(out: ComplexArray) -> None:
    """Zero the matrix. With loops, as in `copy`: an assignment to a slice compiles a whole error message."""
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[r, c] = 0.0


@compiled
def copy(a: ComplexArray, out: ComplexArray) -> None:
    """Out = a."""
    for r in range(a.shape[0]):
        for c in range(a.shape[1]):
            out[r, c] = a[r, c]


@compiled
def add(weight: float, a: ComplexArray, out: ComplexArray) -> None:
    """Out += weight a."""
    for r in range(a.shape[0]):
        for c in range(a.shape[1]):
            out[r, c] += weight * a[r, c]


@compiled
def scale(factor: float, out: ComplexArray) -> None:
    """Out *= factor."""
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[r, c] *= factor


@compiled
def copy_lower(a: ComplexArray, out: ComplexArray) -> None:
    """The lower triangle of a, and nothing else, into out."""
    for r in range(a.shape[0]):
        for c in range(r + 1):
            out[r, c] = a[r, c]


@compiled
def factorise(a: ComplexArray) -> None:
    """Lower triangle of a := C with C C^H = a. A pivot that rounding has made negative becomes a tiny one."""
    n = a.shape[0]
    for j in range(n):
        pivot = a[j, j].real
        for k in range(j):
            pivot -= square(a[j, k])
        pivot = math.sqrt(max(pivot, _LEAST_PIVOT))
        a[j, j] = pivot
        for i in range(j + 1, n):
            total = a[i, j]
            for k in range(j):
                total -= a[i, k] * a[j, k].conjugate()
            a[i, j] = total / pivot


@compiled
def factorise_semidefinite(a: ComplexArray) -> None:
    """Like `factorise` for a matrix that may be singular: columns of what is next to nothing become zero."""
    n = a.shape[0]
    least = 0.0
    for j in range(n):
        least += _NEXT_TO_NOTHING * a[j, j].real
    for j in range(n):
        pivot = a[j, j].real
        for k in range(j):
            pivot -= square(a[j, k])
        inverse = 1.0 / math.sqrt(pivot) if pivot > least else 0.0
        for i in range(j, n):
            total = a[i, j]
            for k in range(j):
                total -= a[i, k] * a[j, k].conjugate()
            a[i, j] = total * inverse


@compiled
def forward(lower: ComplexArray, b: ComplexArray) -> None:
    """B := C^-1 b."""
    for r in range(lower.shape[0]):
        inverse = 1.0 / lower[r, r].real
        for c in range(b.shape[1]):
            total = b[r, c]
            for k in range(r):
                total -= lower[r, k] * b[k, c]
            b[r, c] = total * inverse


@compiled
def backward(lower: ComplexArray, b: ComplexArray) -> None:
    """B := C^-H b."""
    n = lower.shape[0]
    for back in range(n):
        r = n - 1 - back
        inverse = 1.0 / lower[r, r].real
        for c in range(b.shape[1]):
            total = b[r, c]
            for k in range(r + 1, n):
                total -= lower[k, r].conjugate() * b[k, c]
            b[r, c] = total * inverse


@compiled
def backward_right(lower: ComplexArray, b: ComplexArray) -> None:
    """B := b C^-H: then b b^H is b (C C^H)^-1 b^H of the b that was."""
    for c in range(lower.shape[0]):
        inverse = 1.0 / lower[c, c].real
        for r in range(b.shape[0]):
            total = b[r, c]
            for k in range(c):
                total -= b[r, k] * lower[c, k].conjugate()
            b[r, c] = total * inverse


@compiled
def log_det(lower: ComplexArray, begin: int) -> float:
    """Ln det of C C^H in nat, of the part that rows and columns from `begin` on add."""
    total = 0.0
    for r in range(begin, lower.shape[0]):
        total += math.log(lower[r, r].real)
    return 2.0 * total
