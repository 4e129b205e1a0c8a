"""Any value on one short line, as TOML would write it: for messages, so nothing here may fail."""

from itertools import islice
from typing import Any

_LONGEST = 60
_DEEPEST = 4
_ITEMS = 8


def shown(value: object) -> str:
    """The value in at most about 60 printable characters."""
    return shortened(_rendered(value, 0))


def shortened(text: str) -> str:
    """The text with unprintable characters as `?`, cut after about 60 characters."""
    cut = text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
    return "".join(char if char.isprintable() else "?" for char in cut)


def _rendered(value: object, depth: int) -> str:
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, int) and value.bit_length() > 1000:
        text = "a huge number"  # str() of it may be refused
    elif isinstance(value, float):
        text = f"{value:.15g}"
    elif isinstance(value, str):
        text = f'"{value[:_LONGEST]}"'
    elif isinstance(value, list | tuple | dict):
        text = _container(value, depth + 1) if depth < _DEEPEST else "..."
    else:
        text = str(value)
    return text


def _container(value: list[Any] | tuple[Any, ...] | dict[Any, Any], depth: int) -> str:
    more = ", ..." if len(value) > _ITEMS else ""
    if isinstance(value, dict):
        pairs = islice(value.items(), _ITEMS)
        inside = ", ".join(f"{str(key)[:_LONGEST]} = {_rendered(item, depth)}" for key, item in pairs)
        return "{" + inside + more + "}"
    return "[" + ", ".join(_rendered(item, depth) for item in value[:_ITEMS]) + more + "]"
