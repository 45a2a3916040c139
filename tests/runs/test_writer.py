"""The one writer of runs: whole or not there, MANIFEST last, a page in the order of coming."""

from __future__ import annotations

import pytest

import inscape
from inscape._errors import RunExistsError, RunNotFoundError, StorageError
from inscape._files import read_json, read_manifest
from inscape.runs import DynamicsConfig, FitConfig, ReproductionConfig, Run
from inscape.runs.page import paragraph
from inscape.runs.writer import RunWriter


@pytest.fixture(autouse=True)
def drawn(monkeypatch):
    """A figure is the bytes that it is drawn as."""
    monkeypatch.setattr(inscape.figures, "png", lambda figure: figure)


@pytest.fixture
def writer(tmp_path):
    return RunWriter(tmp_path / "run", DynamicsConfig(), {"device": "cpu"})


def fill(writer: RunWriter, told: str = "It <was> so.") -> None:
    writer.add_figure("b.png", b"first", "One.")
    writer.add_film("film.gif", b"second", "Two.")
    writer.add_figure("a.png", b"third", "Three.")
    writer.add_metrics({"loss": 0.5})
    writer.finish(title="A title", lead="A lead.", body=[paragraph(told)])


def names(path) -> set[str]:
    return {found.relative_to(path).as_posix() for found in path.rglob("*") if found.is_file()}


def test_a_staged_run_is_not_there_until_it_is_whole(writer, tmp_path):
    with writer.staged(overwrite=False) as run:
        assert names(run.path) == {"config.toml", "environment.json"}
        fill(run)
        assert not writer.path.exists()
    assert names(tmp_path) == {
        f"run/{name}"
        for name in (
            "config.toml",
            "environment.json",
            "figures/a.png",
            "figures/b.png",
            "film.gif",
            "metrics.json",
            "report.html",
            "MANIFEST",
        )
    }
    made = Run(writer.path)
    made.verify()
    assert made.config == DynamicsConfig()
    assert made.environment == {"device": "cpu"}
    assert made.metrics == {"loss": 0.5}
    assert {*read_manifest(writer.path).files} == names(writer.path) - {"MANIFEST"}


def test_where_the_work_fails_nothing_is_left(writer, tmp_path):
    def work():
        with writer.staged(overwrite=False) as run:
            run.add_metrics({})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_appears_can_be_filled_afterwards(writer):
    writer.appear(overwrite=False)
    assert names(writer.path) == {"config.toml", "environment.json"}
    assert not Run(writer.path).finished
    fill(writer)
    Run(writer.path).verify()


@pytest.mark.parametrize("appears", [False, True])
def test_a_run_is_replaced_only_when_asked(writer, appears):
    writer.appear(overwrite=False)
    fill(writer, "It was old.")

    def again(*, overwrite: bool) -> None:
        if appears:
            writer.appear(overwrite=overwrite)
        else:
            with writer.staged(overwrite=overwrite):
                assert "It was old." in (writer.path / "report.html").read_text(encoding="utf-8")

    with pytest.raises(RunExistsError, match="--overwrite"):
        again(overwrite=False)
    again(overwrite=True)
    assert names(writer.path) == {"config.toml", "environment.json"}


def test_the_page_shows_all_in_the_order_of_coming(writer):
    writer.appear(overwrite=False)
    writer.add_to_environment(seconds=1.5)
    fill(writer)
    assert read_json(writer.path / "environment.json") == {"device": "cpu", "seconds": 1.5}
    rest = (writer.path / "report.html").read_text(encoding="utf-8")
    parts = (
        "<h1>A title", "A lead.", "It &lt;was&gt; so.", "One.", "image/png", "Two.", "image/gif",
        "Three.", "Asked for", "kind = &quot;dynamics&quot;", "Made with", "seconds        1.5",
    )  # fmt: skip
    for part in parts:
        _, found, rest = rest.partition(part)
        assert found, part


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (FitConfig(), "metrics.json"),
        (DynamicsConfig(), "metrics.json"),
        (ReproductionConfig("tiny"), "results.json"),
    ],
)
def test_the_final_numbers_lie_where_the_kind_says(tmp_path, config, name):
    writer = RunWriter(tmp_path / "run", config, {})
    writer.appear(overwrite=False)
    writer.add_metrics([1.5])
    with pytest.raises(RunNotFoundError, match="must be a finished run"):
        _ = Run(tmp_path / "run").metrics
    writer.finish(title="", lead="", body=[])
    assert read_json(tmp_path / "run" / name) == Run(tmp_path / "run").metrics == [1.5]


def test_what_a_reader_puts_into_a_run_being_trained_does_not_become_the_runs(tmp_path):
    writer = RunWriter(tmp_path / "run", FitConfig(), {})
    writer.appear(overwrite=False)
    (tmp_path / "run" / "notes.txt").write_text("mine")
    writer.add_metrics({})
    writer.finish(title="", lead="", body=[])
    with pytest.raises(RunExistsError, match=r"holds 'notes\.txt' too"):
        writer.appear(overwrite=True)


def test_no_run_is_written_into_a_run(writer, tmp_path):
    writer.appear(overwrite=False)
    with pytest.raises(StorageError, match="must lie outside of every run"):
        RunWriter(writer.path / "deep" / "run", DynamicsConfig(), {}).appear(overwrite=False)
    assert names(writer.path) == {"config.toml", "environment.json"}
