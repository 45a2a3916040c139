"""Numbers that are the same for every row, such as a learned scale, and how they are read.

A likelihood holds no state. Where it needs such numbers, a decoder in `networks.SharedOutputs`
appends their logarithms to each row of its outputs, and the likelihood takes them off again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from inscape._checks import check_choice, check_number
from inscape._errors import InvalidParameterError
from inscape.objectives.likelihoods.likelihood import Framed

LEARNED = ("learned", "learned_per_feature")

# The smallest learned scale is e to this: a feature that never varies has no largest likelihood.
SMALLEST_LOG_SCALE = -6.0


def check_shared(name: str, value: float | str, words: Sequence[str] = LEARNED) -> None:
    """Ask for a number > 0, or one of the words for a number that is found in training.

    Raises
    ------
    InvalidParameterError
        If it is neither.
    """
    if isinstance(value, str):
        check_choice(name, value, words)
    else:
        check_number(name, value, above=0)


def count_shared(value: float | str, n_features: int) -> int:
    """Return how many shared numbers an option stands for: one, one a feature, or none."""
    if not isinstance(value, str):
        return 0
    return n_features if value == "learned_per_feature" else 1


def start_scale(
    value: float | str, n_features: int, *, rows: Tensor | None, errors: Tensor | None, power: int
) -> Tensor:
    """Return the logarithms of scales to start from: of the errors, or half the rows' spread.

    At the whole spread a variational code that tells nothing is a resting point: data such as a
    circle would never leave it. Far below it, noise is learned by heart.

    Parameters
    ----------
    value : float or str
        One scale for all features, or one for each; nothing starts where it is a number.
    n_features : int
        Columns of the rows.
    rows : Tensor, shape (n, n_features), or None
        Their spread is taken around the mean row; without rows the scales are 1.
    errors : Tensor, shape (n, n_features), or None
        What a start is off by, where one is known.
    power : int
        2 for the root mean square, 1 for the mean.
    """
    if errors is not None:
        return _log_sizes(errors, value, power=power)
    if rows is None:
        return torch.zeros(count_shared(value, n_features))
    return _log_sizes(rows - rows.mean(dim=0), value, power=power) - math.log(2)


def _log_sizes(errors: Tensor, value: float | str, *, power: int) -> Tensor:
    sizes = errors.abs().pow(power)
    means = sizes.mean(dim=0) if value == "learned_per_feature" else sizes.mean()[None]
    least = math.exp(power * SMALLEST_LOG_SCALE)
    return torch.log(means.float().clamp(min=least)) / power


def frame_scale(
    likelihood: Any, scale: float, *, alone: bool, power: int, constant: float
) -> Framed:
    """Return what `Likelihood.in_frame` does, for one with a `scale`.

    Parameters
    ----------
    likelihood : Likelihood
        Its scale is a number, or a word for one that is found in training.
    scale : float
        That of the frame.
    alone : bool
        Whether nothing but it is minimised.
    power : int
        To which errors over the scale are raised.
    constant : float
        Nats of no error at a scale of 1, for each feature.
    """
    if isinstance(likelihood.scale, str):
        return Framed(likelihood, constant=math.log(scale))
    if not alone:
        framed = replace(likelihood, scale=likelihood.scale / scale)
        return Framed(framed, constant=math.log(scale))
    # Nothing else to weigh: at a scale of 1 all steps are as they are in any units.
    factor = (scale / likelihood.scale) ** power
    least = constant * (1 - factor) + math.log(likelihood.scale)
    return Framed(replace(likelihood, scale=1.0), factor, least)


def split_shared(
    outputs: Tensor, value: float | str, *, n_features: int | None = None
) -> tuple[Tensor, Tensor]:
    """Return what is each row's own, and the logarithm of what is shared.

    Parameters
    ----------
    outputs : Tensor, shape (n, n_features + n_shared)
        The decoder's, one for each feature.
    value : float or str
        The option: a fixed number, or a word for a number that is found in training.
    n_features : int or None
        What must remain, where it is known.

    Returns
    -------
    tuple of Tensor, shapes (n, n_features), and (n, 1), (n, n_features) or (1, 1)
        The second is (1, 1) for a fixed number.

    Raises
    ------
    InvalidParameterError
        If there is another number of outputs.
    """
    if not isinstance(value, str):
        return outputs, outputs.new_full((1, 1), math.log(value))
    width = outputs.shape[-1]
    n_own = width // 2 if value == "learned_per_feature" else width - 1
    wanted = n_own if n_features is None else n_features
    n_shared = count_shared(value, wanted)
    if width != wanted + n_shared:
        raise InvalidParameterError(
            f"The decoder must give {wanted} outputs and {n_shared} shared ones after them; got "
            f"{width} in all: wrap it in inscape.networks.SharedOutputs."
        )
    return outputs[..., :n_own], outputs[..., n_own:]


def split_scale(
    outputs: Tensor, value: float | str, *, n_features: int | None = None
) -> tuple[Tensor, Tensor]:
    r"""Return what `split_shared` does, for a scale; one that is learned is kept from 0.

    .. math:: s^2 = e^{2 r} + e^{-12}

    with r the shared number. A fixed scale stays as it is.
    """
    own, log_scale = split_shared(outputs, value, n_features=n_features)
    if not isinstance(value, str):
        return own, log_scale
    return own, floored(log_scale)


def floored(log_scale: Tensor) -> Tensor:
    """Return the logarithms of scales that are kept from 0, see `split_scale`."""
    floor = torch.full_like(log_scale, 2 * SMALLEST_LOG_SCALE)
    return 0.5 * torch.logaddexp(2 * log_scale, floor)
