"""One thread a process, and what the tests of several files share."""

import io
import os

import pytest

# Before torch is imported, and for the processes that tests start: workers with several threads
# each would wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture(scope="session")
def small_png():
    """Return a figure as a PNG of few pixels: sheets of a thousand tiles take seconds otherwise."""

    def draw(figure):
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=30)
        return stream.getvalue()

    return draw
