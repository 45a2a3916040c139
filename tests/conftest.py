"""One thread a process: several workers with several threads each would only wait for each other."""

import os

# Before torch is imported, and for the processes that tests start.
os.environ["OMP_NUM_THREADS"] = "1"
