"""One contest: the textbook loop for its full time, against our whole `fit` to the same loss.

The textbook's clock runs in its epochs alone: the tensors and the network are there before. Ours
runs from the call of `fit` on a NumPy array to its return, checks, initialisation, watching and
all. Fits are timed before and after each textbook training, so that a change in the machine's
load meets both.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import textbook
from benchmarks.datasets import load
from benchmarks.measure import Stopwatch, Table, spread
from inscape import Autoencoder, DeadUnitWarning


@dataclass(frozen=True)
class Contest:
    """What is trained on both sides.

    Parameters
    ----------
    title : str
        Of the table.
    widths : tuple of int
        Of the textbook's layers, from input to output.
    loss : callable
        The textbook's loss, by which both sides are judged on the test rows.
    loss_name : str
        For the table.
    batch_size, epochs : int
        The textbook's.
    ours : mapping of str to dict
        Options of `Autoencoder` by the name of the setting; the first is the headline.
    repeats : int
        Fits of ours before each textbook training, and as many after it.
    """

    title: str
    widths: tuple[int, ...]
    loss: Callable[[Tensor, Tensor], Tensor]
    loss_name: str
    batch_size: int
    epochs: int
    ours: Mapping[str, dict[str, Any]]
    repeats: int = 1


@dataclass(frozen=True)
class Outcome:
    """One training: how long it took, what share of the core it had, how good it is."""

    seconds: float
    share: float
    loss: float
    n_dead: int = 0


def hold(contest: Contest, *, quick: bool, seeds: Sequence[int] = (0, 1, 2)) -> Table:
    """Train both sides with every seed and return the table."""
    data = load("mnist")
    X, test = data.train.X, data.test.X
    epochs = contest.epochs
    if quick:
        X, test, epochs, seeds = X[:512], test[:256], 1, seeds[:1]
    ours: dict[str, list[Outcome]] = {name: [] for name in contest.ours}
    theirs: list[Outcome] = []
    for seed in seeds:
        fits: dict[str, list[Outcome]] = {name: [] for name in contest.ours}
        for turn in range(2):
            for name, options in contest.ours.items():
                fits[name] += [
                    _ours(contest, options, X, test, seed) for _ in range(contest.repeats)
                ]
            if turn == 0:
                theirs.append(_textbook(contest, X, test, seed, epochs))
        for name, outcomes in fits.items():
            ours[name].append(_middle(outcomes))
    return _table(contest, theirs, ours, epochs=epochs)


def warm_up() -> None:
    """Let both sides pay once for what only a first use costs, such as torch's late imports."""
    X = torch.rand(512, 64)
    net = textbook.sequential((64, 8, 64))
    for _ in textbook.train(net, torch.nn.MSELoss(), X, epochs=1, batch_size=64):
        pass
    for optimizer in ("muon", "adam"):
        Autoencoder(8, hidden=(16,), optimizer=optimizer, epochs=1, random_state=0).fit(X.numpy())


def _textbook(contest: Contest, X: np.ndarray, test: np.ndarray, seed: int, epochs: int) -> Outcome:
    """Train as the textbook does; its loss is the best of all its epochs."""
    torch.manual_seed(seed)
    net = textbook.sequential(contest.widths)
    rows, test_rows = torch.from_numpy(X), torch.from_numpy(test)
    best = float("inf")
    epoch_ends = textbook.train(
        net, contest.loss, rows, epochs=epochs, batch_size=contest.batch_size
    )
    for clock in epoch_ends:
        last = clock
        with torch.no_grad():
            best = min(best, contest.loss(net(test_rows), test_rows).item())
    return Outcome(last.seconds, last.share, best)


def _ours(
    contest: Contest, options: dict[str, Any], X: np.ndarray, test: np.ndarray, seed: int
) -> Outcome:
    clock = Stopwatch()
    with warnings.catch_warnings():
        # The table has a column for them.
        warnings.simplefilter("ignore", DeadUnitWarning)
        with clock.running():
            model = Autoencoder(**options, random_state=seed).fit(X)
    told_again = torch.from_numpy(model.reconstruct(test))
    loss = contest.loss(told_again, torch.from_numpy(test)).item()
    return Outcome(clock.seconds, clock.share, loss, len(model.dead_units_))


def _middle(outcomes: Sequence[Outcome]) -> Outcome:
    """Return repeats of one seed as one outcome; their losses are equal bit by bit."""
    assert len({outcome.loss for outcome in outcomes}) == 1
    return Outcome(
        median(outcome.seconds for outcome in outcomes),
        median(outcome.share for outcome in outcomes),
        outcomes[0].loss,
        outcomes[0].n_dead,
    )


def _table(
    contest: Contest,
    theirs: Sequence[Outcome],
    ours: Mapping[str, Sequence[Outcome]],
    *,
    epochs: int,
) -> Table:
    table = Table(
        contest.title,
        (
            "setting",
            "seconds",
            f"test {contest.loss_name}",
            "times faster",
            "as good",
            "dead",
            "core",
        ),
    )
    target = min(outcome.loss for outcome in theirs)
    settings = {f"textbook, {epochs} epochs": theirs, **ours}
    for name, outcomes in settings.items():
        ratios = [a.seconds / b.seconds for a, b in zip(theirs, outcomes, strict=True)]
        if name in ours:
            table.ratios[f"textbook / {name}"] = ratios
        table.rows.append(
            (
                name,
                spread([outcome.seconds for outcome in outcomes]),
                spread([outcome.loss for outcome in outcomes], digits=4),
                spread(ratios) if name in ours else "1",
                "yes" if max(outcome.loss for outcome in outcomes) <= target else "no",
                str(max(outcome.n_dead for outcome in outcomes)) if name in ours else "-",
                f"{min(outcome.share for outcome in outcomes):.2f}",
            )
        )
    table.notes.append(
        'median (min .. max) over seeds; "as good": the worst seed is at or below the best test '
        "loss that any textbook seed has after any epoch; dead: bottleneck units, in the worst "
        "seed; core: the least share of it a training had"
    )
    return table
