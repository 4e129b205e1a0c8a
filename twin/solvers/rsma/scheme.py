"""What station 2 does for its users, and what Eve and the echo make of it: RSMA and what it is compared with.

A scheme is a list of decodings: which stream which user must decode at which rate, with which other streams as noise.
Comparing schemes needs a rule of what they owe the users, and results turn on it, so that it stands in each name:

    (none)     as eq. (19d): R_c,n >= I_c and R_n >= I_p for all n
    unicast    every user is owed I_p + I_c / N for itself, by whatever stream
    multicast  what is owed in common is one and the same message for all, I_c; without a common stream each user's own
               stream carries it, I_p + I_c
    literal    eq. (19d) read to the letter: without a common stream nobody is owed I_c
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from twin.signal.arrays import RealArray
from twin.signal.sensing import filter_share
from twin.solvers.rsma.problem import HisacProblem


class Split(Enum):
    """How the rate of the common stream counts for users."""

    NONE = "none"
    """It does not: it is owed as such."""
    BEST = "best"
    """C_n >= 0 with sum C_n <= R_c as needed."""
    EQUAL = "equal"
    """C_n = R_c / N."""


@dataclass(frozen=True, slots=True, eq=False)
class Scheme:
    """One way to serve the users. Streams are columns of O: 0 is the common one, n = 1..N user n's, then noise.

    Attributes:
        names: of the decodings, (R,).
        users: who decodes, 0..N-1, (R,).
        streams: what is decoded, 0..N, (R,).
        heard: ones at the streams that are noise then, (R, K).
        owed: rates in bit/s/Hz, (R,); with a split, of both streams together, and 0 where the common one is decoded.
        jamming: whether a stream is noise that Eve cannot remove, (K,).
        parts: the band is cut in so many equal parts, a stream in each; 1 if all share all of it.
        split: how the common rate counts.
        echo_share: what the echo filter leaves of the best one's SCNR.
    """

    names: tuple[str, ...]
    users: tuple[int, ...]
    streams: tuple[int, ...]
    heard: RealArray
    owed: RealArray
    jamming: tuple[bool, ...]
    parts: int = 1
    split: Split = Split.NONE
    echo_share: float = 1.0

    @property
    def columns(self) -> int:
        """K: columns of O."""
        return len(self.jamming)

    @property
    def sending(self) -> tuple[int, ...]:
        """The columns of O that are in use: those that are decoded, and noise."""
        noise = range(1 + max(self.users) + 1, self.columns)
        return tuple(sorted({*self.streams, *noise}))


def rsma(problem: HisacProblem, *, jam: bool = True, noise: int = 0, echo_share: float = 1.0) -> Scheme:
    """Problem P1: R_c,n >= I_c and R_n >= I_p, all streams of station 2 jam Eve, the echo filter is the best one.

    Args:
        problem: the instance.
        jam: whether the data streams of station 2 do.
        noise: streams of artificial noise that station 2 sends besides.
        echo_share: what the echo filter leaves of the best one's SCNR.
    """
    users = problem.users
    heard = _all_private(users, noise)
    owed = np.repeat([problem.least_common, problem.least_private], users)
    jamming = (jam,) * (users + 1) + (True,) * noise
    return Scheme(
        _rsma_names(users), *_rsma_decodings(users), heard=heard, owed=owed, jamming=jamming, echo_share=echo_share
    )


def rsma_unicast(problem: HisacProblem, *, split: Split = Split.BEST) -> Scheme:
    """Rule unicast: the common rate is split among the users as they need it, C_n + R_n >= I_p + I_c / N."""
    users = problem.users
    owed = np.repeat([0.0, _unicast(problem)], users)
    jamming = (True,) * (users + 1)
    decodings = _rsma_decodings(users)
    return Scheme(_rsma_names(users), *decodings, heard=_all_private(users, 0), owed=owed, jamming=jamming, split=split)


def rsma_equal_split_unicast(problem: HisacProblem) -> Scheme:
    """Rule unicast, without optimising the split: every user gets the same part, R_c / N + R_n >= I_p + I_c / N."""
    return rsma_unicast(problem, split=Split.EQUAL)


def sdma_unicast(problem: HisacProblem) -> Scheme:
    """Rule unicast: no common stream, R_n >= I_p + I_c / N."""
    return _sdma(problem, _unicast(problem))


def sdma_multicast(problem: HisacProblem) -> Scheme:
    """Rule multicast: no common stream, R_n >= I_p + I_c."""
    return _sdma(problem, problem.least_private + problem.least_common)


def sdma_literal(problem: HisacProblem) -> Scheme:
    """Rule literal: no common stream, R_n >= I_p, and nothing for what RSMA delivers in common."""
    return _sdma(problem, problem.least_private)


def noma_unicast(problem: HisacProblem) -> Scheme:
    """Rule unicast: users remove the streams of all users with weaker channels first; I_p + I_c / N for each."""
    return _noma(problem, _unicast(problem))


def noma_multicast(problem: HisacProblem) -> Scheme:
    """Rule multicast: like `noma_unicast` with I_p + I_c for each."""
    return _noma(problem, problem.least_private + problem.least_common)


def oma_unicast(problem: HisacProblem) -> Scheme:
    """Rule unicast: each user has 1 / N of the band to itself, and in it I_p + I_c / N of the whole band's rate.

    Bob's and the sensing stream fill the band; Bob and Eve hear the mean of station 2 over it.
    """
    return _oma(problem, _unicast(problem))


def oma_multicast(problem: HisacProblem) -> Scheme:
    """Rule multicast: like `oma_unicast` with I_p + I_c for each."""
    return _oma(problem, problem.least_private + problem.least_common)


def no_green_interference(problem: HisacProblem) -> Scheme:
    """Demands as RSMA's; Eve is taken to remove all that station 2 sends (J_e = 0), in the design and in its value."""
    return rsma(problem, jam=False)


def artificial_noise(problem: HisacProblem) -> Scheme:
    """Demands as RSMA's; Eve removes the data of station 2, but not a stream of noise, which no user can remove."""
    return rsma(problem, jam=False, noise=1)


def no_echo_filter(problem: HisacProblem) -> Scheme:
    """Demands as RSMA's; the echo is taken from the first antenna alone, not combined over all."""
    channel = problem.channels_1[2]
    first = np.zeros_like(channel)
    first[0] = 1.0
    return rsma(problem, echo_share=float(filter_share(channel, first)))


SCHEMES: Final[dict[str, Callable[[HisacProblem], Scheme]]] = {
    "fast": rsma,
    "rsma_unicast": rsma_unicast,
    "rsma_equal_split_unicast": rsma_equal_split_unicast,
    "sdma_unicast": sdma_unicast,
    "sdma_multicast": sdma_multicast,
    "sdma_literal": sdma_literal,
    "noma_unicast": noma_unicast,
    "noma_multicast": noma_multicast,
    "oma_unicast": oma_unicast,
    "oma_multicast": oma_multicast,
    "no_green_interference": no_green_interference,
    "artificial_noise": artificial_noise,
    "no_echo_filter": no_echo_filter,
}
"""By the name of the method; the first is P1 itself."""


def _unicast(problem: HisacProblem) -> float:
    return problem.least_private + problem.least_common / problem.users


def _rsma_names(users: int) -> tuple[str, ...]:
    numbers = range(1, users + 1)
    return tuple([f"common_rate_{n}" for n in numbers] + [f"private_rate_{n}" for n in numbers])


def _rsma_decodings(users: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(range(users)) * 2, (0,) * users + tuple(range(1, users + 1))


def _all_private(users: int, noise: int) -> RealArray:
    """What is noise to the common stream at users 1..N, then to their own: all private streams but the latter."""
    heard = np.ones((2 * users, 1 + users + noise))
    heard[:, 0] = 0.0
    heard[users + np.arange(users), 1 + np.arange(users)] = 0.0
    return heard


def _own_streams(problem: HisacProblem, owed: float, heard: RealArray, parts: int) -> Scheme:
    users = problem.users
    names = tuple(f"rate_{n}" for n in range(1, users + 1))
    jamming = (True,) * (users + 1)
    everyone, own = tuple(range(users)), tuple(range(1, users + 1))
    return Scheme(names, everyone, own, heard=heard, owed=np.full(users, owed), jamming=jamming, parts=parts)


def _sdma(problem: HisacProblem, owed: float) -> Scheme:
    return _own_streams(problem, owed, _all_private(problem.users, 0)[problem.users :], 1)


def _oma(problem: HisacProblem, owed: float) -> Scheme:
    return _own_streams(problem, owed, np.zeros((problem.users, problem.users + 1)), problem.users)


def _noma(problem: HisacProblem, owed: float) -> Scheme:
    strength = np.linalg.norm(problem.channels_2[2:], axis=1)
    rising: Sequence[int] = [int(n) for n in np.argsort(strength, kind="stable")]
    pairs = [(user, stream) for place, user in enumerate(rising) for stream in rising[: place + 1]]
    heard = np.zeros((len(pairs), problem.users + 1))
    for row, (_, stream) in enumerate(pairs):
        heard[row, [1 + other for other in rising[rising.index(stream) + 1 :]]] = 1.0
    return Scheme(
        tuple(f"stream_{stream + 1}_at_{user + 1}" for user, stream in pairs),
        tuple(user for user, _ in pairs),
        tuple(1 + stream for _, stream in pairs),
        heard=heard,
        owed=np.full(len(pairs), owed),
        jamming=(True,) * (problem.users + 1),
    )
