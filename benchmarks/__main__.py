"""Run the benchmarks: pin the process to one core and one thread, warm up, measure, print.

Everything that imports numpy or torch is imported after the environment is set.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
from pathlib import Path

BENCHMARKS = (
    "shallow",
    "deep",
    "floor",
    "dynamics",
    "convolutional",
    "variational",
    "zoo",
    "tables",
)
# Only where they are asked for by name: they need a browser, or what serves one.
BY_NAME = ("lab", "lab_training")
PEERS = "peers"
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def main() -> None:
    """Read the command line, measure, and print a table for each benchmark."""
    options = _options()
    settle_on_one_core()
    from benchmarks.contest import warm_up
    from benchmarks.measure import machine

    facts = machine()
    print("\n".join(f"{name}: {value}" for name, value in facts.items()), flush=True)
    if options.quick:
        print("quick: a few rows and steps, to prove that everything runs; compare no figure")
    warm_up()
    tables = {}
    names = options.only or BENCHMARKS
    for name in (name for name in names if name != PEERS):
        tables[name] = importlib.import_module(f"benchmarks.{name}").run(quick=options.quick)
        print(f"\n{tables[name].text()}", flush=True)
    if options.peers is not None or PEERS in names:
        from benchmarks import peers

        tables[PEERS] = peers.run(quick=options.quick, venv=options.peers_venv, names=options.peers)
        print(f"\n{tables[PEERS].text()}", flush=True)
    if options.output is not None:
        contents = {"machine": facts} | {name: table.contents() for name, table in tables.items()}
        options.output.write_text(json.dumps(contents, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="prove in seconds that all of it runs")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=(*BENCHMARKS, *BY_NAME, PEERS),
        metavar="NAME",
        help="a selection",
    )
    parser.add_argument(
        "--peers", nargs="*", metavar="LIBRARY", help="other libraries too: all, or those named"
    )
    parser.add_argument(
        "--peers-venv",
        type=Path,
        default=Path(__file__).parent / ".venv",
        metavar="DIR",
        help="their environment, made where it is missing (default: benchmarks/.venv)",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write all figures as JSON")
    return parser.parse_args()


def settle_on_one_core() -> None:
    """Keep this process and its children to one core and one thread."""
    for variable in _THREAD_VARIABLES:
        os.environ[variable] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import torch

    torch.set_num_threads(1)


if __name__ == "__main__":
    main()
