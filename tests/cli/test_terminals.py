"""What a terminal shows, and what is typed there: whole tables of every width, names as said."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from inscape._errors import InvalidParameterError
from inscape.cli import main
from inscape.cli.output import say_table
from inscape.data.named import NAMED
from inscape.runs import FitConfig
from inscape.zoo import MODELS, find

WIDTHS = [40, 60, 80, 120]
MEASURED = (
    ["", "Squared error", "Explained variance", "Standardised error", "Fit"],
    [["Autoencoder", "1981.9935", "79.1%", "0.5134", "1.4 s"], ["PCA", "2.5", "7%", "1", "0.0 s"]],
)
LABELLED = (
    [
        "",
        "Squared error",
        "Explained variance",
        "Cross-entropy",
        "Linear probe",
        "Nearest rows",
        "Fit",
    ],
    [["Autoencoder", "0.0364", "46.0%", "0.1783", "66.3%", "77.3%", "18.4 s"]],
)
LONG = (
    ["Name", "Words", "Number"],
    [["a-name-of-thirty-letters-in-one", "one two three " * 9, "123,456,789"], ["b", "c", "0"]],
)
AGREEMENT = (
    ["Clusters by", "Accuracy", "Mutual information"],
    [["Inscape", "93.8%", "0.807"], ["k-means of 10 principal components", "96.6%", "0.876"]],
)
COMPARED = (
    ["Model", "Size", "Error", "Trust", "Continuity", "Neighbours", "Probe", "Seconds"],
    [
        ["PCA", "32", "0.397", "0.990", "0.992", "0.818", "0.944", "0.0"],
        ["full-covariance-VAE", "32", *["0.853±0.085"] * 5, "11.3±1.6"],
    ],
)
SEVERAL_SEEDS = (
    LABELLED[0],
    [*LABELLED[1], ["± (5 seeds)", "0.0005", "0.7%", "0.0016", "1.3%", "1.4%", "2.1 s"]],
)
STYLE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def narrow(monkeypatch, capsys):
    """Return what a table looks like on a terminal of some width, without its styles."""

    def draw(width, header, rows, **options):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        say_table(header, rows, title="A title", **{"bold_first": True, **options})
        return STYLE.sub("", capsys.readouterr().out)

    return draw


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("header", "rows"),
    [MEASURED, LABELLED, LONG, AGREEMENT, COMPARED, SEVERAL_SEEDS],
    ids=["measured", "labelled", "long", "names", "compared", "seeds"],
)
def test_names_and_numbers_stay_whole(narrow, width, header, rows):
    told = narrow(width, header, rows)
    assert max(map(len, told.splitlines())) <= width
    for row in rows:
        for cell in (row[0], *(cell for cell in row[1:] if cell[:1].isdigit())):
            assert cell in told
    words = told.split()
    assert all(word in words for name in header[1:] for word in name.split())
    assert "…" not in told


def test_a_wide_terminal_has_a_table_and_a_narrow_one_has_blocks(narrow):
    assert len(narrow(120, *MEASURED).splitlines()) == 4
    # What the demo shows is a table on the usual terminal.
    assert len(narrow(80, *LABELLED).splitlines()) == 4
    assert len(narrow(80, *SEVERAL_SEEDS).splitlines()) == 5
    assert "Fit                 1.4 s" in narrow(40, *MEASURED)


@pytest.mark.parametrize(("width", "parts"), [(60, 3), (80, 2), (120, 1)])
def test_a_wide_table_goes_on_below_with_its_keys(narrow, width, parts):
    header, rows = COMPARED
    told = narrow(width, header, rows, n_keys=2)
    lines = told.splitlines()
    assert max(map(len, lines)) <= width
    assert told.count("A title") == told.count("Model") == parts
    assert told.count("A title, continued") == parts - 1
    for row in rows:
        # Each row is there once a part, with its keys, and all of its cells in their order.
        own = [line.split() for line in lines if line.split()[:1] == row[:1]]
        assert len(own) == parts
        assert all(cells[:2] == row[:2] for cells in own)
        assert [cell for cells in own for cell in cells[2:]] == row[2:]
    # Where not even one column stands beside the keys, rows are blocks.
    assert "Neighbours  0.853±0.085" in narrow(34, header, rows, n_keys=2)


def test_cells_in_bold_are_told_in_pipes_too(narrow, monkeypatch, capsys):
    header, rows = COMPARED
    monkeypatch.setenv("COLUMNS", "120")
    say_table(header, rows, bold={(1, 2)}, n_keys=2)
    told = capsys.readouterr().out
    assert "0.853±0.085*" in told
    assert told.count("*") == 1
    monkeypatch.setenv("FORCE_COLOR", "1")
    say_table(header, rows, bold={(1, 2)}, n_keys=2)
    told = capsys.readouterr().out
    told = told.splitlines()[-1]
    assert told.count("\x1b[1m") == told.count("\x1b[1m0.853±0.085\x1b[0m") == 1
    assert "*" not in told


@pytest.mark.parametrize("width", WIDTHS)
def test_commands_on_a_real_terminal(width):
    names = {"zoo": MODELS, "datasets": NAMED}
    for command in ("zoo", "datasets") if width == 80 else ("datasets",):
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        ran = subprocess.Popen(
            [sys.executable, "-m", "inscape", command],
            stdout=follower,
            stdin=follower,
            stderr=follower,
            env=environment | {"TERM": "xterm"},
        )
        os.close(follower)
        told = b""
        while True:
            try:
                told += os.read(leader, 65536)
            except OSError:
                break
        assert ran.wait() == 0
        os.close(leader)
        lines = STYLE.sub("", told.decode()).splitlines()
        first = {line.split()[0] for line in lines if line.split()}
        assert first >= {name.split()[0] for name in names[command]}
        table = lines if command == "zoo" else lines[: [*map(bool, lines)].index(False)]
        assert max(map(len, table)) <= width


# --------------------------------------------------------------------------- what is typed


@pytest.mark.parametrize(
    "options",
    [
        ("fit", "digits", "--n-components", "2.5"),
        ("fit", "digits", "--batch-size", "16.9"),
        ("fit", "digits", "--random-state", "1e3"),
        ("dynamics", "--epochs", "10.5"),
        ("anomalies", "digits", "--random-state", "0.5"),
    ],
)
def test_a_number_with_a_point_is_no_integer(options, capsys):
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    assert f"must be an integer, such as 2; got '{options[-1]}'" in capsys.readouterr().err


def test_nothing_is_said_before_the_checks(capsys):
    with pytest.raises(SystemExit):
        main(["fit", "digits", "--epochs", "-3"])
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: `epochs` must be")


@pytest.mark.parametrize(
    ("spoken", "meant"),
    [
        ("vae", "VAE"),
        ("beta vae", "beta-VAE"),
        ("BETA_VAE", "beta-VAE"),
        ("sigma-vae", "σ-VAE"),
        ("poincare-vae", "Poincaré VAE"),
        ("vqvae", "VQ-VAE"),
        *((name, name) for name in MODELS),
    ],
)
def test_a_model_is_found_as_it_is_said(spoken, meant):
    assert find(spoken) == meant
    assert FitConfig(model=spoken).model == meant


def test_a_model_that_is_nearly_right_is_told():
    with pytest.raises(InvalidParameterError, match="Did you mean 'beta-VAE'"):
        find("betta-VAE")
    assert FitConfig(model="Autoencoder").model == "autoencoder"
    with pytest.raises(InvalidParameterError, match="Did you mean 'CVAE'"):
        FitConfig(model="CVAEE").estimator_parameters()
