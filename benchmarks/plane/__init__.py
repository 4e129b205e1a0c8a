"""What the benchmarks of the message plane are made of. One thread of BLAS, before NumPy loads."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
