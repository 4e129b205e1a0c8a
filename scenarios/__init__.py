"""What to run: scenarios as validated data, how they are wired, and the judge that sees both worlds."""

__distribution__ = "sagin-twin"
__all__ = ["__distribution__"]
