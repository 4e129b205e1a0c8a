"""The UAV, which serves `au` and leads: its precoders go on air first."""

from entities.transmitter import Leader


class Uav(Leader):
    """A transmitter on waypoints; its deep nulls are what staleness hurts most."""
