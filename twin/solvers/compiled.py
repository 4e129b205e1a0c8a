"""How the fast solvers' kernels are compiled: one decorator, one set of options.

Strict floating point (no fast-math), so that the same input gives the same bits; no GIL, so that threads run beside
each other; kept on disk, so that a process pays for the compilation once per machine.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def compiled(function: Kernel) -> Kernel:
    """The function compiled by numba when a kernel calls it."""
    return cast("Kernel", numba.njit(nogil=True, error_model="numpy")(function))


def entry(function: Kernel) -> Kernel:
    """Like `compiled`, for what Python calls: with all that it calls it is kept on disk."""
    return cast("Kernel", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def fingerprint(beside: str, *modules: str) -> int:
    """A number of the source text of modules in the folder of the file `beside`.

    Numba's cache follows the file of the compiled function alone. A kernel that encloses this number is compiled
    anew when one of the files it calls into has changed.
    """
    digest = hashlib.blake2b(digest_size=6)
    for name in modules:
        digest.update((Path(beside).parent / f"{name}.py").read_bytes())
    return int.from_bytes(digest.digest(), "little") + 1


def inlined(function: Kernel) -> Kernel:
    """Like `compiled`, and copied into its callers: a call with ten arrays costs as much as a small loop over them."""
    return cast("Kernel", numba.njit(inline="always", nogil=True, error_model="numpy")(function))
