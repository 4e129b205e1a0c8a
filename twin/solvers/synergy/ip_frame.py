"""Compiled change of frame: from N antennas to at most four real-embedded dimensions per transmitter, and back.

Transmitter j's channels to (its user, the eavesdropper, the two other users) are orthonormalised in this order,
c_k = Q r_k, and x_j = sqrt(P_j) Q z with z in C^4. Received amplitudes are c_k^H x_j = sqrt(P_j) r_k^H z. With fewer
than four independent channels any vectors complete Q; with fewer than four antennas its last columns are zero, and the
coordinates of z along them stay zero.

Nothing is lost, even where ||x_j|| itself counts (error variances, balls). Let x = u + o with u in the span of the four
channels and o outside. If the own channel is no combination of the other three, there is a unit d in the span that
only the own receiver hears. Take x' = u + t d with the phase of t such that the own amplitude grows with |t|, and |t|
such that ||x'|| = ||x||: no amplitude but the own one has changed, and that one, which only T_k of ip_model knows, has
grown. (If it is a combination, and the antennas are more than the channels' rank, o may be of use where an error
variance makes power at random welcome; such x are not looked for.)

A common phase of z changes no power, so Im z_1 = 0 (z_1 is the coordinate along the own channel): y_j in R^7 is
(Re z_1, Re z_2, Im z_2, ... Im z_4), padded to 8.
"""

import math

from twin.signal.arrays import ComplexArray, RealArray
from twin.solvers.compiled import compiled

_DEPENDENT = 1e-24
"""A channel whose rest after projection is below this share of its power adds no dimension."""


@compiled
def _norm2(vector: ComplexArray) -> float:
    total = 0.0
    for entry in vector:
        total += entry.real * entry.real + entry.imag * entry.imag
    return total


@compiled
def complete(i: int, basis: ComplexArray) -> None:
    """Put any unit vector orthogonal to the first i rows into row i of `basis` (4, N); 0 if there is none (i >= N)."""
    basis[i] = 0.0
    antennas = basis.shape[1]
    if i >= antennas:
        return
    place, least = 0, math.inf
    for n in range(antennas):
        taken = _norm2(basis[:i, n])
        if taken < least:
            place, least = n, taken
    basis[i, place] = 1.0
    for _ in range(2):
        for q in range(i):
            part = 0.0j
            for n in range(antennas):
                part += basis[q, n].conjugate() * basis[i, n]
            for n in range(antennas):
                basis[i, n] -= part * basis[q, n]
    size = math.sqrt(_norm2(basis[i]))
    for n in range(antennas):
        basis[i, n] /= size


@compiled
def reduce_block(channels: ComplexArray, power: float, own: int, basis: ComplexArray, rows: ComplexArray) -> None:
    """Orthonormal rows q_i^T into `basis` (4, N) and sqrt(P) r_k^T into `rows` (4, 4), for transmitter `own`.

    Gram-Schmidt, every projection done twice: orthogonal to rounding however close the channels are.
    """
    basis[:] = 0.0
    rows[:] = 0.0
    antennas = channels.shape[1]
    for i in range(4):
        k = own if i == 0 else 3 if i == 1 else (own + i - 1) % 3
        for n in range(antennas):
            basis[i, n] = channels[k, n] * math.sqrt(power)
        whole = _norm2(basis[i])
        for _ in range(2):
            for q in range(i):
                part = 0.0j
                for n in range(antennas):
                    part += basis[q, n].conjugate() * basis[i, n]
                rows[k, q] += part
                for n in range(antennas):
                    basis[i, n] -= part * basis[q, n]
        rest = _norm2(basis[i])
        if rest > _DEPENDENT * whole:
            rows[k, i] = math.sqrt(rest)
            for n in range(antennas):
                basis[i, n] /= math.sqrt(rest)
        else:
            complete(i, basis)


@compiled
def embed(rows: ComplexArray, forms: RealArray, quads: RealArray) -> None:
    """Real rows (4, 2, 8) with Re, Im of r_k^H z = forms[k, 0]'y, forms[k, 1]'y, and Hessians (4, 7, 7) of |.|^2."""
    for k in range(4):
        forms[k, 0, 0] = rows[k, 0].real
        forms[k, 1, 0] = -rows[k, 0].imag
        for i in range(1, 4):
            forms[k, 0, 2 * i - 1] = rows[k, i].real
            forms[k, 0, 2 * i] = rows[k, i].imag
            forms[k, 1, 2 * i - 1] = -rows[k, i].imag
            forms[k, 1, 2 * i] = rows[k, i].real
        for a in range(7):
            for b in range(7):
                quads[k, a, b] = 2.0 * (forms[k, 0, a] * forms[k, 0, b] + forms[k, 1, a] * forms[k, 1, b])


@compiled
def to_real(z: ComplexArray, y: RealArray) -> None:
    """Coordinates z (4,) turned so that Im z_1 = 0, z_1 >= 0, as y (8,)."""
    size = abs(z[0])
    turn = z[0].conjugate() / size if size > 0.0 else 1.0 + 0.0j
    y[0] = size
    for i in range(1, 4):
        entry = z[i] * turn
        y[2 * i - 1] = entry.real
        y[2 * i] = entry.imag
    y[7] = 0.0


@compiled
def lower(basis: ComplexArray, power: float, x: ComplexArray, z: ComplexArray, y: RealArray) -> None:
    """Reduced form y (8,) of a precoder x (N,): z = Q^H x / sqrt(P); `z` (4,) is scratch."""
    for i in range(4):
        part = 0.0j
        for n in range(len(x)):
            part += basis[i, n].conjugate() * x[n]
        z[i] = part / math.sqrt(power)
    to_real(z, y)


@compiled
def lift(basis: ComplexArray, power: float, y: RealArray, x: ComplexArray) -> float:
    """Precoder x (N,) = sqrt(P) Q z of y, scaled back where rounding took it over the budget; ||x||^2 / P - 1."""
    for n in range(len(x)):
        entry = y[0] * basis[0, n]
        for i in range(1, 4):
            entry += complex(y[2 * i - 1], y[2 * i]) * basis[i, n]
        x[n] = entry * math.sqrt(power)
    used = _norm2(x) / power
    if used > 1.0 - 1e-14:
        x *= math.sqrt((1.0 - 1e-14) / used)
        used = _norm2(x) / power
    return used - 1.0


@compiled
def genie_bound(rows: ComplexArray) -> float:
    """The upper bound of `problem.upper_bound` in nat, in closed form from the rows (3, 4, 4).

    For a pencil (I + a a^H, I + b b^H) the eigenvalues other than 1, less 1, have sum s = |a|^2 - (|b|^2 +
    |a^H b|^2) / (1 + |b|^2) and product -q, q = (|a|^2 |b|^2 - |a^H b|^2) / (1 + |b|^2).
    """
    heard = [_norm2(rows[j, 3]) for j in range(3)]
    least = math.inf
    for j in range(3):
        jammed = 1.0 + sum(heard) - heard[j]
        gain = rows[j, j, 0].real ** 2
        leak = heard[j] / jammed
        # The own channel lies along the first basis vector, so |a^H b|^2 needs b's first entry alone.
        aligned = gain * abs(rows[j, 3, 0]) ** 2 / jammed
        crossed = gain * rows[j, 3, 1].real ** 2 / jammed
        s = gain - (leak + aligned) / (1.0 + leak)
        q = crossed / (1.0 + leak)
        root = math.sqrt(s * s + 4.0 * q)
        best = 0.5 * (s + root) if s >= 0.0 else 2.0 * q / (root - s)
        least = min(least, math.log1p(best))
    return least
