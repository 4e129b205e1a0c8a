"""The terrestrial base station, which serves `gu`."""

from entities.transmitter import Transmitter


class BaseStation(Transmitter):
    """A transmitter on the ground that follows the UAV's activations."""
