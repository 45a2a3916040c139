"""The base of every likelihood."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from inscape._errors import InvalidParameterError
from inscape._parts import Part
from inscape._typing import FloatArray


@dataclass(frozen=True, eq=False)
class Framed:
    """A likelihood of rows that a network works on in units of its own.

    Parameters
    ----------
    likelihood : Likelihood
        Of the rows in those units, by which the network is trained.
    factor : float
        Nats of the data for a nat of that likelihood.
    constant : float
        Nats to be added for each feature.
    """

    likelihood: Likelihood
    factor: float = 1.0
    constant: float = 0.0


@dataclass(frozen=True)
class Likelihood(Part):
    """What turns a decoder's outputs into a distribution over rows.

    The outputs of a row hold the first parameter of all features, then the second of all, ... A
    likelihood of your own extends this class, is a frozen dataclass, and gives the four methods
    below that have no default; the rest tells what else a likelihood may be.

    Attributes
    ----------
    n_parameters : int
        Outputs that the decoder gives for each feature.
    unit_interval : bool
        Whether the features must lie in [0, 1].
    counts : bool
        Whether the features must be whole numbers >= 0.
    reads_logarithms : bool
        Whether the encoder begins with `inscape.networks.LogCounts`.
    calibrates : bool
        Whether the shared numbers are set by `calibration`, and not learned.
    continuous : bool
        Whether it is a density over real numbers, so that its nats change with their units.
    """

    n_parameters: ClassVar[int] = 1
    unit_interval: ClassVar[bool] = False
    counts: ClassVar[bool] = False
    reads_logarithms: ClassVar[bool] = False
    calibrates: ClassVar[bool] = False
    continuous: ClassVar[bool] = True

    @abstractmethod
    def negative_log_likelihood(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return nats per sample, shape (n_samples,).

        Parameters
        ----------
        outputs : Tensor, shape (n_samples, n_parameters * n_features + n_shared)
            The decoder's.
        targets : Tensor, shape (n_samples, n_features)
            What had to come out.
        """

    def nats_per_feature(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the share of each feature in those nats, shape (n_samples, n_features).

        Parameters
        ----------
        outputs, targets : Tensor
            As above.

        Raises
        ------
        InvalidParameterError
            If the likelihood knows of no such shares.
        """
        raise InvalidParameterError(
            f"`likelihood` must give `nats_per_feature` to be told by feature; "
            f"{type(self).__name__} does not: add that method, or ask for whole rows."
        )

    @abstractmethod
    def mean(self, outputs: Tensor) -> Tensor:
        """Return the expected features, shape (n_samples, n_features)."""

    @abstractmethod
    def start(self, mean: Tensor) -> Tensor:
        """Return the outputs to start training from, near those whose mean is `mean`."""

    @abstractmethod
    def sample(self, outputs: Tensor, *, generator: torch.Generator) -> Tensor:
        """Return features drawn from the distribution, shape (n_samples, n_features)."""

    def check(self, X: FloatArray) -> None:
        """Refuse rows that have no density.

        Parameters
        ----------
        X : ndarray, shape (n_samples, n_features)
            Scaled rows.

        Raises
        ------
        InvalidDataError
            If one has none; it is named by row and column.
        """

    @property
    def fixed_variance(self) -> float | None:
        """The variance of a feature around its mean, where it is one number that is fixed."""
        return None

    def in_frame(self, scale: float, *, alone: bool) -> Framed | None:
        """Return the likelihood of rows less a mean, over a scale; None where it knows of none.

        Parameters
        ----------
        scale : float
            One for all features.
        alone : bool
            Whether nothing is weighed against its nats, so that a fixed scale of its own may
            become a factor, and the network be trained in the same way in any units.
        """
        return None

    def n_shared(self, n_features: int) -> int:
        """Return how many numbers are the same for all rows; they are appended to the outputs."""
        return 0

    def shared_start(
        self, n_features: int, *, rows: Tensor | None = None, errors: Tensor | None = None
    ) -> Tensor:
        """Return the shared numbers (n_shared,) to start from.

        Parameters
        ----------
        n_features : int
            Columns of the rows.
        rows : Tensor or None, shape (n_samples, n_features)
            Training rows, if any.
        errors : Tensor or None, shape (n_samples, n_features)
            What a network leaves of them before it is trained, where that is known.
        """
        return torch.zeros(self.n_shared(n_features))

    def calibration(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the shared numbers that make these rows most probable, where it `calibrates`."""
        raise NotImplementedError

    def calibrated_nats(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Any]:
        """Return nats per sample with the numbers of `calibration`, and those."""
        raise NotImplementedError
