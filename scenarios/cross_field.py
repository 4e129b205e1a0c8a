"""The error of a key that is fine alone and wrong beside another one, or whose text says something impossible."""

from pydantic_core import PydanticCustomError

CROSS_FIELD = "cross_field"


def cross_field(path: tuple[str | int, ...], value: object, allowed: str) -> PydanticCustomError:
    """The error of the key at `path`, from a validator of any section; `scenarios.problems` makes one line of it."""
    return PydanticCustomError(CROSS_FIELD, "{allowed}", {"path": path, "value": value, "allowed": allowed})
