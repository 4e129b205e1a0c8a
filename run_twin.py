"""The command line: checks that the right packages are found, then hands over to `scenarios.cli`."""

import importlib
import os
import sys
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "sagin-twin"
PACKAGES = ("twin", "entities", "scenarios")

# Before NumPy loads: a sum over several threads has other last bits, and digests would differ.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"


def shadowed() -> str | None:
    """What stands in the way of our packages, whose names are common ones; None when they are all ours."""
    for name in PACKAGES:
        try:
            package = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            return f"package {name} is not found: install {DISTRIBUTION} again"
        if getattr(package, "__distribution__", None) != DISTRIBUTION:
            where = getattr(package, "__file__", None) or ", ".join(getattr(package, "__path__", []))
            return (
                f"package {name} of {DISTRIBUTION} is shadowed by {where}: "
                "rename that, or take its folder off PYTHONPATH"
            )
    return None


def uninstalled() -> str | None:
    """What to do when the packages are there but were never installed; None when they were."""
    try:
        version(DISTRIBUTION)
    except PackageNotFoundError:
        return f"the package {DISTRIBUTION} is not installed: run make venv and use .venv/bin/python"
    return None


def open_missing_streams() -> None:
    """Give the null device to every standard stream that was closed before the start, as by `>&-`.

    Python has None for such a stream. Its number is free, too: the next file opened would get it, and with it whatever
    a child process or a C library writes to standard output.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def main() -> int:
    """Run the command line; returns the exit code."""
    open_missing_streams()
    problem = shadowed() or uninstalled()
    if problem is not None:
        sys.stderr.write(f"error: {problem}\n")
        return 2
    try:
        if sys.argv[1:2] == ["host"]:  # hosts begin while the kernel waits: they load nothing but twins
            from twin.runtime.command import main as run
        else:
            from scenarios.cli import main as run
    except KeyboardInterrupt:  # loading takes a moment
        sys.stderr.write("error: interrupted\n")
        return 130
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
