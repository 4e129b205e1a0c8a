"""`list`: the built-in scenarios, each with the first line of its file."""

import sys

from scenarios.load import builtin_names, builtin_text


def list_scenarios() -> int:
    """Write one line per built-in scenario."""
    names = builtin_names()
    width = max(len(name) for name in names)
    for name in names:
        meaning = builtin_text(name).partition("\n")[0].removeprefix("#").strip()
        sys.stdout.write(f"{name:{width}}  {meaning}\n")
    return 0
