"""What came of one training: its course, its theory, and the predictions that went astray."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from inscape._errors import (
    InscapeError,
    InvalidDataError,
    InvalidParameterError,
    TrainingDivergedError,
)
from inscape._typing import FloatArray
from inscape.dynamics import IllusoryCorrelations, Trajectory, illusory_correlations, simulate
from inscape.dynamics.modes import half_rise
from inscape.dynamics.simulation import THEORIES
from inscape.runs.config import DynamicsConfig
from inscape.runs.dynamics.problem import Problem

_FEWEST_RECORDS = 2
_LARGEST = 5


@dataclass
class Findings:
    """One training, and what is measured of it; each is found when it is first asked for.

    Parameters
    ----------
    config : DynamicsConfig
        What was asked for.
    problem : Problem
        What is learned.
    """

    config: DynamicsConfig
    problem: Problem
    warnings: list[str] = field(default_factory=list, init=False)

    @cached_property
    def course(self) -> Trajectory:
        """The training, which has to last long enough to be drawn."""
        config = self.config
        course = simulate(
            self.problem.inputs,
            self.problem.targets,
            hidden=config.hidden,
            gamma=config.gamma,
            initialization=config.initialization,
            learning_rate=config.learning_rate,
            epochs=config.epochs,
            record_every=config.record_every,
            random_state=config.random_state,
        )
        if len(course.epochs) < _FEWEST_RECORDS:
            told = str(course.divergence)
            raise TrainingDivergedError(
                f"There must be {_FEWEST_RECORDS} records to draw; {told[:1].lower()}{told[1:]}"
            )
        self.warnings += self._doubts(course)
        return course

    @property
    def diverged(self) -> bool:
        """Whether training ran away: then its loss is all that there is to see."""
        return self.course.divergence is not None

    def _doubts(self, course: Trajectory) -> list[str]:
        """Return what speaks against a training, with the remedy."""
        if course.divergence is not None:
            return [str(course.divergence)]
        told, rate, stable = [], course.learning_rate, course.stable_learning_rate
        if rate > stable:
            told.append(
                f"learning_rate {rate:.4g} is above {stable:.4g}, where the balanced best solution "
                "stops being stable: the loss may swing for ever; take a smaller one."
            )
        if (course.half_rise < 0).all():
            told.append(
                f"No mode was half learned in {course.epochs[-1]:,} epochs: raise gamma, epochs or "
                f"learning_rate (up to {stable:.4g})."
            )
        return told

    @cached_property
    def illusions(self) -> IllusoryCorrelations:
        """Every prediction that goes astray."""
        return illusory_correlations(self.course)

    @cached_property
    def theories(self) -> dict[str, FloatArray]:
        """What each theory says of the modes; nothing where theory refuses.

        What has to be integrated takes longer than the training, and is so where it is asked for.
        """
        closed = not self.course.no_closed_form
        kinds = THEORIES if closed else ("gradient_flow",) * self.config.theory
        try:
            with np.errstate(all="ignore"):
                found = {kind: self.course.theoretical_modes(kind) for kind in kinds}
            if not all(np.isfinite(modes).all() for modes in found.values()):
                raise InvalidDataError("the modes of theory grow beyond all bounds.")
        except InscapeError as error:
            if self.config.theory:
                told = str(error)
                self.warnings.append(f"Theory is left out: {told[:1].lower()}{told[1:]}")
            return {}
        return found

    @property
    def integrated(self) -> str:
        """What is said of a theory that is integrated; empty where closed forms hold."""
        if not self.theories or not self.course.no_closed_form:
            return ""
        return f"Gradient flow is integrated numerically: {self.course.no_closed_form}."

    @cached_property
    def similarity(self) -> FloatArray | None:
        """Similarity of the samples in every hidden layer, where there is one."""
        if not self.config.hidden:
            return None
        try:
            return self.course.similarity
        except InvalidParameterError as error:
            self.warnings.append(f"Similarity is left out: {error}")
            return None

    @cached_property
    def followed(self) -> tuple[int, int]:
        """The (sample, output) that goes astray farthest, of those that may be followed."""
        size = self.illusions.wrong_sign.size[np.ix_(self.problem.rows, self.problem.columns)]
        row, column = np.unravel_index(int(size.argmax()), size.shape)
        return self.problem.rows[row], self.problem.columns[column]

    def _half_rises(self) -> dict[str, list[int | None]]:
        """Return by whom, measured or a theory, and then for each mode, the half-rise epoch."""
        course = self.course
        found = {"measured": course.half_rise}
        for kind in THEORIES:
            # A theory that refuses predicts nothing.
            modes = self.theories.get(kind, np.zeros(course.modes.shape))
            found[kind] = half_rise(course.epochs, modes, course.mode_limits)
        return {name: [_or_none(epoch) for epoch in epochs] for name, epochs in found.items()}

    def metrics(self) -> dict[str, Any]:
        """Return what ``metrics.json`` holds."""
        course = self.course
        common = {
            "epochs": int(course.epochs[-1]),
            "learning_rate": course.learning_rate,
            "loss": {"initial": float(course.loss[0]), "final": float(course.loss[-1])},
            "divergence": str(course.divergence) if self.diverged else None,
            "warnings": self.warnings,
        }
        if self.diverged:
            return common | {
                "modes": [],
                "theory": None,
                "followed": None,
                "illusory_correlations": None,
            }
        row, column = self.followed
        half_rises = self._half_rises()
        modes = [
            {
                "mode": k + 1,
                "singular_value": float(course.singular_values[k]),
                "limit": float(course.mode_limits[k]),
                "half_rise": {name: epochs[k] for name, epochs in half_rises.items()},
            }
            for k in range(len(course.mode_limits))
        ]
        return common | {
            "modes": modes,
            "theory": self.integrated or None,
            "followed": {
                "item": self.problem.item_names[row],
                "feature": self.problem.output_name(column),
            },
            "illusory_correlations": {
                kind: self._describe(getattr(self.illusions, kind))
                for kind in ("wrong_sign", "overshoot")
            },
        }

    def _describe(self, found: Any) -> dict[str, Any]:
        largest = [
            {
                "item": self.problem.item_names[pair[0]],
                "feature": self.problem.output_name(pair[1]),
                "size": float(found.size[pair]),
                "onset": _or_none(found.onset[pair]),
                "peak": _or_none(found.peak[pair]),
                "decay": _or_none(found.decay[pair]),
            }
            for pair in found.largest(_LARGEST)
        ]
        return {"count": found.n_found, "of": found.size.size, "largest": largest}

    def tensors(self) -> dict[str, np.ndarray]:
        """Return what ``trajectory.safetensors`` holds."""
        course = self.course
        if self.diverged:
            return {"epochs": course.epochs, "loss": course.loss}
        tensors = {
            "epochs": course.epochs,
            "loss": course.loss,
            "modes": course.modes,
            "sorted_modes": course.sorted_modes,
            "predictions": course.predict(slice(None), self.followed[1])[..., 0],
        }
        if self.similarity is not None:
            tensors["similarity"] = self.similarity
        return tensors | {f"modes_{kind}": modes for kind, modes in self.theories.items()}

    def metadata(self) -> dict[str, str]:
        """Return what is said beside the tensors."""
        if self.diverged:
            return {}
        return {"predictions": f"of {self.problem.output_name(self.followed[1])}, for each sample"}


def _or_none(epoch: Any) -> int | None:
    return int(epoch) if epoch >= 0 else None
