"""The figures of a look at learning dynamics, each added to the run that they belong to."""

from __future__ import annotations

import numpy as np

from inscape import figures
from inscape.dynamics import Sweep
from inscape.figures.similarities import MOST_CHOSEN
from inscape.runs.dynamics.findings import Findings
from inscape.runs.writer import RunWriter

# Two half-rises nearer than this share of the training look alike.
_APART = 0.05


def add_figures(writer: RunWriter, findings: Findings) -> None:
    """Draw what is learned, how, and how alike the samples become.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    findings : Findings
        What came of the training.
    """
    course, problem = findings.course, findings.problem
    if problem.tree is not None:
        writer.add_figure(
            "tree.png",
            figures.hierarchy(
                problem.targets, item_names=problem.item_names, branches=problem.tree.branches
            ),
            "The items, what is true of them, how alike they are: near items share more. A bad "
            "sign: items of one branch that are alike to none.",
        )
    writer.add_figure(
        "loss.png",
        figures.learning_curves(course.epochs, course.loss),
        "The loss, epoch by epoch: it falls in steps where modes are learned one by one. Bad "
        "signs: it rises, swings, or still falls at the end.",
    )
    writer.add_figure(
        "loss_and_modes.png",
        figures.learning_curves(
            course.epochs, course.loss, course.modes, singular_values=course.mode_limits
        ),
        "The loss, and the modes that are learned meanwhile, the strongest first: each step of the "
        "loss is the rise of a mode to its limit. A bad sign: a mode that never reaches its limit.",
    )
    if findings.config.theory and findings.theories:
        _add_theory(writer, findings)
    if findings.similarity is not None:
        writer.add_figure(
            "similarity.png",
            figures.similarity_over_training(
                course.epochs,
                findings.similarity[:, -1],
                course.loss,
                chosen=_chosen_epochs(findings),
                item_names=problem.item_names,
            ),
            "How alike the items are to the last layer, at chosen epochs: large groups part first. "
            "A bad sign: blocks that do not follow what the items share.",
        )


def add_divergence(writer: RunWriter, findings: Findings) -> None:
    """Draw the loss of a training that ran away: nothing else of it means anything.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    findings : Findings
        What came of the training.
    """
    course = findings.course
    writer.add_figure(
        "loss.png",
        figures.learning_curves(course.epochs, course.loss, title="The loss, until it ran away"),
        "The loss, as long as it was within bounds. It is a bad sign as a whole: training "
        "diverged, so there are no modes, no similarity and no illusions to show.",
    )


def _add_theory(writer: RunWriter, findings: Findings) -> None:
    course = findings.course
    open_modes = course.mode_limits > 0
    theories = {
        name.replace("_", " "): modes[:, open_modes] for name, modes in findings.theories.items()
    }
    writer.add_figure(
        "modes_over_theory.png",
        figures.modes_over_theory(course.epochs, course.modes[:, open_modes], theories),
        "Theory, which knows the initial weights alone, on top of the training"
        f"{' (gradient flow, integrated)' * bool(findings.integrated)}: lines lie on each "
        "other. A bad sign: they part, for then steps are too large, or the weights start too far "
        "from what theory asks.",
    )


def _chosen_epochs(findings: Findings) -> list[int]:
    """Return the epochs whose similarity is drawn."""
    epochs = findings.course.epochs
    first, last = int(epochs[0]), int(epochs[-1])
    asked = [epoch for epoch in findings.config.similarity_at if epoch <= last]
    if asked:
        return asked
    chosen = [first]
    for epoch in sorted(findings.course.half_rise.tolist()):
        if epoch - chosen[-1] >= _APART * (last - first):
            chosen.append(epoch)
    return [*chosen[: MOST_CHOSEN - 1], last]


def add_film(writer: RunWriter, findings: Findings) -> None:
    """Animate the similarity, where there is one and a film is asked for.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    findings : Findings
        What came of the training.
    """
    kind = findings.config.animation
    if findings.similarity is None or kind == "none":
        return
    film = figures.animate_similarity(
        findings.course.epochs,
        findings.similarity[:, -1],
        findings.course.loss,
        item_names=findings.problem.item_names,
        kind=kind,
    )
    writer.add_film(
        f"similarity.{kind}", film, "The same, moving. A bad sign: blocks that come and go."
    )


def add_illusion(writer: RunWriter, findings: Findings) -> None:
    """Draw the prediction that is followed.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    findings : Findings
        What came of the training.
    """
    course, problem, (row, column) = findings.course, findings.problem, findings.followed
    theory = None
    # What modes alone answer is the network's answer where each is learned on its own.
    if findings.config.theory and "discrete_map" in findings.theories:
        modes = findings.theories["discrete_map"]
        theory = course.theoretical_predictions(modes, row, column)[:, 0, 0]
    item, feature = problem.item_names[row], problem.output_name(column)
    drawn = figures.illusory_correlation(
        course.epochs,
        course.predict(row, column)[:, 0, 0],
        target=float(problem.targets[row, column]),
        modes=course.modes,
        singular_values=course.mode_limits,
        theory=theory,
        item=item,
        feature=feature,
    )
    writer.add_figure(
        "illusory_correlation.png",
        drawn,
        f"What the network answers: {item}, {feature}; it should end at what is true. A bad sign: "
        "the wrong side of zero at the end; on the way there it is an illusion that passes.",
    )


def add_sweep(writer: RunWriter, grid: Sweep, *, n_modes: int) -> None:
    """Draw a sweep as two maps over learning rate and gamma.

    Parameters
    ----------
    writer : RunWriter
        Of the run.
    grid : Sweep
        Of one seed and one depth.
    n_modes : int
        More plateaus than modes are those of a loss that swings: they would hide all others.
    """
    place = (..., 0, 0)
    common = {
        "learning_rates": grid.learning_rates,
        "gammas": grid.gammas,
        "diverged": grid.diverged_at[place] >= 0,
        "unlearned": grid.time_to_learn[place] < 0,
    }
    writer.add_figure(
        "sweep_time_to_learn.png",
        figures.sweep_map(
            grid.time_to_learn[place], label="epochs to learn", title="Time to learn", **common
        ),
        "When 95% of the loss is learned, over learning rate and initial scale. Bad signs: "
        "diverged or unlearned where you train.",
    )
    writer.add_figure(
        "sweep_plateaus.png",
        figures.sweep_map(
            np.minimum(grid.n_plateaus[place], n_modes),
            label="plateaus",
            title="Plateaus of the loss",
            **common,
        ),
        f"How many plateaus the loss has; one that swings counts as {n_modes}. A bad sign: the "
        "most plateaus where no mode waits for another, for there the loss swings.",
    )
