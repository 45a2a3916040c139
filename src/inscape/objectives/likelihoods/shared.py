"""Numbers that are the same for every row, such as a learned scale, and how they are read.

A likelihood holds no state. Where it needs such numbers, a decoder in `networks.SharedOutputs`
appends their logarithms to each row of its outputs, and the likelihood takes them off again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from inscape._checks import check_choice, check_number
from inscape._errors import InvalidParameterError

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


def start_scale(errors: Tensor, value: float | str, *, power: int) -> Tensor:
    """Return the logarithms of scales half as large as the errors around the mean row.

    At the whole spread a variational code that tells nothing is a resting point: data such as a
    circle would never leave it. Far below it, noise is learned by heart.

    Parameters
    ----------
    errors : Tensor, shape (n, n_features)
        Their sizes, raised to `power`.
    value : str
        One scale for all features, or one for each.
    power : int
        2 for the root mean square, 1 for the mean.
    """
    means = errors.mean(dim=0) if value == "learned_per_feature" else errors.mean()[None]
    least = math.exp(power * SMALLEST_LOG_SCALE)
    return torch.log(means.float().clamp(min=least)) / power - math.log(2)


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
