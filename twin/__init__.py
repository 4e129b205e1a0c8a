"""The twins and the machine that runs them. A twin knows only what arrived in messages."""

__distribution__ = "sagin-twin"
__all__ = ["__distribution__"]
