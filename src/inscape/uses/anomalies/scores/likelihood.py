"""How improbable a row is under a variational model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from inscape._checks import check_integer
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray
from inscape.estimators import VariationalAutoencoder
from inscape.objectives import Gaussian
from inscape.uses.anomalies.rows import Rows, Source
from inscape.uses.anomalies.scores.reconstruction import default_autoencoder
from inscape.uses.anomalies.scores.score import AnomalyScore, FittedScore


@dataclass(frozen=True)
class Likelihood(AnomalyScore):
    """The negative log-likelihood of a row under a variational model, in nats.

    See `VariationalAutoencoder.log_likelihood`, whose draws are the same for each row.

    Parameters
    ----------
    n_samples : int
        Draws for each row.
    """

    n_samples: int = 100

    def __post_init__(self) -> None:
        check_integer("n_samples", self.n_samples, minimum=1)

    def fit(self, rows: Rows, source: Source) -> LikelihoodFitted:
        """Learn a variational model, where none is given fitted.

        Raises
        ------
        InvalidParameterError
            If what is given has no likelihood of the whole model.
        """
        model = source.representation
        if model is not None and not hasattr(model, "log_likelihood"):
            raise InvalidParameterError(
                "`representation` must be a variational model where method='likelihood'; got "
                f"{type(model).__name__}: pass inscape.VariationalAutoencoder(), or take another "
                "method."
            )
        return LikelihoodFitted(source.learn(rows, _default), self.n_samples, source.seed)


def _default(n_features: int, seed: int) -> VariationalAutoencoder:
    n_components = default_autoencoder(n_features, seed).n_components
    likelihood = Gaussian(scale="learned_per_feature")
    return VariationalAutoencoder(
        n_components, likelihood=likelihood, scaler="standard", random_state=seed
    )


@dataclass(frozen=True, eq=False)
class LikelihoodFitted(FittedScore):
    """A variational model.

    Parameters
    ----------
    representation : Any
        The fitted model.
    n_samples : int
        Draws for each row.
    seed : int
        Of the draws.
    """

    representation: Any
    n_samples: int
    seed: int

    def anomaly(self, rows: Rows) -> FloatArray:
        return -self.representation.log_likelihood(
            rows.given, n_samples=self.n_samples, random_state=self.seed
        )
