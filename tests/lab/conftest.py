"""Two small runs, and a front end of a few lines in place of the one that is built from `lab/`."""

import numpy as np
import pytest

from inscape.lab import front_end
from inscape.runs import FitConfig, fit

FRONT_END = """\
export const openPage = (place, told) => {
  window.told = told;
  place.textContent = "a page";
};
export const openFile = (place, description, blobs) => {
  window.told = [description, blobs];
  place.textContent = "a fïle </script>";
};
""".encode()


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """Where that front end lies."""
    path = tmp_path_factory.mktemp("front-end") / "lab.js"
    path.write_bytes(FRONT_END)
    return path


@pytest.fixture
def placeholder(built, monkeypatch):
    """Put it in the place of the one that is built."""
    monkeypatch.setattr(front_end, "_MODULE", built)


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory, drawing_nothing):
    """A run of pictures."""
    path = tmp_path_factory.mktemp("digits") / "run"
    config = FitConfig(data="digits", hidden=(16,), epochs=2, linear_path=False)
    with drawing_nothing():
        return fit(config, path)


@pytest.fixture(scope="session")
def table_run(tmp_path_factory, drawing_nothing):
    """A run of a table in raw units, scaled, one column of which is one number; five components."""
    path = tmp_path_factory.mktemp("table")
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(120, 7)) * 10.0 ** np.arange(-3, 4) + 1e6
    rows[:, 3] = 0.1
    lines = [",".join(f"c{j}" for j in range(7)), *(",".join(map(repr, r)) for r in rows.tolist())]
    (path / "table.csv").write_text("\n".join(lines))
    config = FitConfig(
        data=str(path / "table.csv"),
        n_components=5,
        hidden=(8,),
        epochs=2,
        scaler="standard",
        random_state=3,
    )
    with drawing_nothing():
        return fit(config, path / "run")
