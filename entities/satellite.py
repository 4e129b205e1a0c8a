"""The LEO satellite, which serves `su`."""

from entities.transmitter import Transmitter


class Satellite(Transmitter):
    """A transmitter at the zenith or in orbit that follows the UAV's activations."""
