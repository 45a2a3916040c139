"""Films take a second a run: they are made in the tests of figures, and where a test asks."""

import pytest

from inscape import figures


@pytest.fixture(scope="module", autouse=True)
def no_films():
    with pytest.MonkeyPatch.context() as patch:
        for film in ("animate_map", "turning_map"):
            patch.setattr(figures, film, lambda *_, **__: b"GIF89a")
        yield patch
