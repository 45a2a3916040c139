"""One thread a process: workers with several threads each would wait for each other."""

import os

# Before torch is imported, and for the processes that tests start.
os.environ["OMP_NUM_THREADS"] = "1"
