"""What a pair, or a climb of all of them, takes uncertain channels for."""

from enum import StrEnum


class Variant(StrEnum):
    """What the channels are taken for."""

    PLUG_IN = "plug_in"
    """The estimates."""
    STAT = "stat"
    """The estimates, with the errors as noise of their mean covariance."""
    GRAM = "gram"
    """As "stat", but what comes through the error of the own link is gain that the receiver knows."""
    SCENARIO = "scenario"
    """Draws that the estimates may stand for, averaged."""
