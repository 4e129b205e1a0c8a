"""For all tests: one BLAS thread, as in every run. The order of a sum in several threads would move its last bits."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
