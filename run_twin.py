"""The command line: checks that the right packages are found, then hands over to `scenarios.cli`."""

import importlib
import os
import sys

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


def main() -> int:
    """Run the command line; returns the exit code."""
    problem = shadowed()
    if problem is not None:
        sys.stderr.write(f"error: {problem}\n")
        return 2
    from scenarios.cli import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
