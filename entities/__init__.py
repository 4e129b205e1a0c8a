"""The physical world: SimPy processes over channels that are functions of time. It knows nothing of twins."""

__distribution__ = "sagin-twin"
__all__ = ["__distribution__"]
