"""What stations send while nobody has told them anything better: from their own channels alone."""

import numpy as np

from twin.signal.arrays import ComplexArray


def sensing_beams(bob: ComplexArray, power_mw: float) -> ComplexArray:
    """W = [w_bo, w_ta] (M, 2): half the power to Bob by maximum ratio, half for the sensing stream by one element.

    `bob` is the channel h_bo (M,). The one element lights up every direction alike: where to look is not known yet.
    """
    beams = np.zeros((len(bob), 2), dtype=np.complex128)
    beams[:, 0] = _unit(bob)
    beams[0, 1] = 1.0
    return np.ascontiguousarray(beams * np.sqrt(power_mw / 2.0))


def multicast_beams(users: ComplexArray, power_mw: float, streams: int) -> ComplexArray:
    """O = [o_c, o_1 .. o_N, 0 ..] (M, streams): equal powers, by maximum ratio, the common stream to all users at once.

    `users` are the channels g_n (N, M) of the users.
    """
    beams = np.zeros((users.shape[1], streams), dtype=np.complex128)
    own = np.array([_unit(channel) for channel in users])
    beams[:, 0] = _unit(own.sum(axis=0))
    beams[:, 1 : len(users) + 1] = own.T
    return np.ascontiguousarray(beams * np.sqrt(power_mw / (len(users) + 1)))


def _unit(vector: ComplexArray) -> ComplexArray:
    """The vector at length 1; nothing stays nothing."""
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > 0.0 else vector
