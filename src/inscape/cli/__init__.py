"""The command line: one file a command; torch is loaded when a command runs, not for its help.

| file | what lives there |
|---|---|
| `anomalies` | ``inscape anomalies``: rows that are not like the others, and by which features |
| `classify` | ``inscape classify``: classes from few labels |
| `cluster` | ``inscape cluster``: groups of rows that are alike |
| `compare` | ``inscape compare``: models side by side, on one split behind one scaler |
| `components` | ``inscape components``: which size of code the rows speak for |
| `datasets` | ``inscape datasets``: what there is to learn from, and where it lies |
| `dynamics` | ``inscape dynamics`` |
| `encode` | ``inscape encode`` and ``inscape decode``: rows to codes and back, through a run |
| `export` | ``inscape export``: a run as ONNX graphs, in the layout of the Hub, or as one page |
| `files` | what commands read rows and codes from, and write them to |
| `fit` | ``inscape fit``: learn a representation and keep it as a run |
| `help` | how ``--help`` shows options: by what they are about |
| `impute` | ``inscape impute``: what is missing, told from what is there |
| `lab` | ``inscape lab``: a run in the browser |
| `labels` | what a conditional model of a run is told: labels of the rows, or one for all |
| `output` | what the commands say: tables and sentences on a terminal, plain text in a pipe |
| `reproduce` | ``inscape reproduce`` |
| `sample` | ``inscape sample``: new rows, beside the training rows nearest to them |
| `score` | ``inscape score``: how well a run's model gives back each row |
| `verify` | ``inscape verify``: whether a run is what it was |
| `zoo` | ``inscape zoo``: the published models, each a line of parts |
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cyclopts import App, CycloptsPanel, Parameter, convert
from cyclopts.config import Dict

from inscape import __version__
from inscape._errors import InscapeError
from inscape.cli.anomalies import anomalies
from inscape.cli.classify import classify
from inscape.cli.cluster import cluster
from inscape.cli.compare import compare
from inscape.cli.components import components
from inscape.cli.datasets import datasets
from inscape.cli.dynamics import dynamics
from inscape.cli.encode import decode, encode
from inscape.cli.export import export
from inscape.cli.fit import fit
from inscape.cli.help import Help
from inscape.cli.impute import impute
from inscape.cli.lab import lab
from inscape.cli.output import errors, say_error, warnings_told
from inscape.cli.reproduce import reproduce
from inscape.cli.sample import sample
from inscape.cli.score import score
from inscape.cli.verify import verify
from inscape.cli.zoo import zoo
from inscape.runs.kinds import KINDS, read_config

USAGE_ERROR = 2
# Commands that are not called as the kind of their runs.
_KINDS = {
    "classify": "classification",
    "cluster": "clusters",
    "compare": "comparison",
    "impute": "imputation",
}
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 for success, 2 for an error that is told in one sentence.

    Parameters
    ----------
    arguments : sequence of str or None
        None takes those of the process.
    """
    app = App(
        name="inscape",
        version=__version__,
        help="Learn the inner representation of data, show it, and put it to use.",
        config=_from_config_file,
        default_parameter=Parameter(converter=_convert, negative_bool=(), negative_iterable=()),
        help_formatter=Help(),
        error_console=errors(),
        error_formatter=lambda error: CycloptsPanel(str(error), title="Error"),
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        # Ours says how to go on.
        suppress_keyboard_interrupt=False,
    )
    for command in (
        fit,
        encode,
        decode,
        sample,
        score,
        lab,
        export,
        verify,
        anomalies,
        classify,
        cluster,
        compare,
        components,
        impute,
        dynamics,
        reproduce,
        datasets,
        zoo,
    ):
        app.command(command)
    sys.exit(_run(app, arguments))


def _run(app: App, arguments: Sequence[str] | None) -> int:
    from cyclopts import CycloptsError

    try:
        with warnings_told():
            app(arguments)
    except (InscapeError, CycloptsError) as error:
        say_error(str(error))
        return USAGE_ERROR
    except KeyboardInterrupt:
        say_error("Interrupted; a fit that has begun goes on with --resume, nothing else is kept.")
        return INTERRUPTED
    except BrokenPipeError:
        return 0
    return 0


def _convert(kind: Any, tokens: Any) -> Any:
    """Read integers, and lists of them such as 256,64; "" or none is an empty list."""
    if kind in (int, int | None):
        # 2.5 is no integer, and is not made one.
        for token in tokens:
            if not re.fullmatch(r"[+-]?\d+", token.value.strip()):
                raise ValueError(f"the value must be an integer, such as 2; got {token.value!r}")
    if kind != tuple[int, ...]:
        return convert(kind, tokens)
    words = [word.strip() for token in tokens for word in token.value.split(",")]
    try:
        return tuple(int(word) for word in words if word not in ("", "none"))
    except ValueError as error:
        raise ValueError(
            f"the value must be integers joined by commas, such as 256,64; got {','.join(words)!r}"
        ) from error


def _from_config_file(app: App, commands: Any, arguments: Any) -> None:
    """Let the file that --config names fill what no flag has given."""
    for argument in arguments:
        if argument.name == "--config" and argument.tokens:
            path = argument.tokens[0].value
            # Read by us, so that every error is ours; a command has its kind's name.
            asked = read_config(Path(path), KINDS[_KINDS.get(commands[0], commands[0])])
            fill = Dict(asked.said(), use_commands_as_keys=False, source=path)
            fill(app, commands, arguments)
