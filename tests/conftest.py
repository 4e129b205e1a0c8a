"""For all tests: one BLAS thread, as in every run. The order of a sum in several threads would move its last bits."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import settings

# How long an example takes says more of what else the machine does than of what is tested.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
