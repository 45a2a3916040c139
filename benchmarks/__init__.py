"""Speed as ratios measured in one run, on one core, with one thread: `python -m benchmarks`."""
