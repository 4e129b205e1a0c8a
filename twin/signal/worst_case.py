"""Powers received through a channel that is known up to an error of bounded norm: the least and the greatest.

A receiver hears the streams W (columns) through h + d with the amplitude ||(h + d)^H W||; the estimate h and the
radius e >= ||d|| are known. By the triangle inequality it lies within e ||W||_F of ||h^H W||. With one stream both
bounds are tight: the error e w / ||w||, turned against or along the phase of h^H w, reaches them. They stand for
H_min and H_max of Li et al., eqs (7)-(10) and appendix A, whose e (||h|| + e) is no bound, and whose e (2 ||h|| + e) is
a loose one. Leading axes broadcast: channels (..., M), streams (..., M, K), radii (...).
"""

import numpy as np

from twin.signal.arrays import ComplexArray, RealArray


def amplitude(channel: ComplexArray, streams: ComplexArray) -> RealArray:
    """||h^H W||, (...): the root of the power of all streams together, over the noise's deviation."""
    heard = (channel.conj()[..., None, :] @ streams)[..., 0, :]
    return np.asarray(np.sqrt((heard.real**2 + heard.imag**2).sum(axis=-1)))


def spread(streams: ComplexArray, radius: float | RealArray) -> RealArray:
    """E ||W||_F, (...): how far an error of norm `radius` can move the amplitude of the streams."""
    return np.asarray(radius * np.sqrt((streams.real**2 + streams.imag**2).sum(axis=(-2, -1))))


def power_range(channel: ComplexArray, streams: ComplexArray, radius: float | RealArray) -> tuple[RealArray, RealArray]:
    """([ ||h^H W|| - e ||W||_F ]+)^2 and ( ||h^H W|| + e ||W||_F )^2, (...), over the noise power.

    No error within the radius gives less than the former, or more than the latter.
    """
    middle, reach = amplitude(channel, streams), spread(streams, radius)
    return np.asarray(np.maximum(middle - reach, 0.0) ** 2), np.asarray((middle + reach) ** 2)


def least_power(channel: ComplexArray, streams: ComplexArray, radius: float | RealArray) -> RealArray:
    """The former of `power_range`."""
    return power_range(channel, streams, radius)[0]


def most_power(channel: ComplexArray, streams: ComplexArray, radius: float | RealArray) -> RealArray:
    """The latter of `power_range`."""
    return power_range(channel, streams, radius)[1]
