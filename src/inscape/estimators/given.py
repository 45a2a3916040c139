"""A conditional estimator with what it is told bound once: a plain representation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor

from inscape._typing import FloatArray


@dataclass(frozen=True, eq=False)
class Given:
    """A fitted conditional estimator that has been told what rows are.

    Whoever takes a representation, such as `inscape.measures.reconstruct`, the figures and
    `inscape.uses`, takes it, and needs not know of labels. With one label for all,
    scikit-learn's ``FrozenEstimator`` makes it a step of a pipeline.

    Parameters
    ----------
    estimator : VariationalAutoencoder
        Fitted, conditional.
    y : array-like, shape (n_samples,), or one for all
        Labels, or numbers; with one a row, rows and codes have to come in their number.
    """

    estimator: Any
    y: Any

    def fit(self, X: Any, y: Any = None) -> Self:
        """Return itself: what is bound is fitted."""
        return self

    def transform(self, X: Any) -> FloatArray:
        """Encode rows (n_samples, n_features) to codes (n_samples, n_components)."""
        return self.estimator.transform(X, self.y)

    def inverse_transform(self, X: Any) -> FloatArray:
        """Decode codes (n_samples, n_components) to rows (n_samples, n_features)."""
        return self.estimator.inverse_transform(X, self.y)

    def reconstruct(self, X: Any) -> FloatArray:
        """Encode rows and decode them again."""
        return self.estimator.reconstruct(X, self.y)

    def score_samples(self, X: Any) -> FloatArray:
        """Return the log-likelihood of each row under its reconstruction, nats per sample."""
        return self.estimator.score_samples(X, self.y)

    def sample(
        self,
        n: int = 1,
        *,
        from_: str | None = None,
        observations: bool = False,
        random_state: Any = None,
    ) -> Any:
        """Draw codes, and decode them to expected rows (n, n_features), or to drawn ones."""
        return self.estimator.sample(
            n, from_=from_, y=self.y, observations=observations, random_state=random_state
        )

    def differentiable_decoders(self, n: int) -> list[Callable[[Tensor], Tensor]]:
        """Return a function from codes to rows for each of `n` rows."""
        return self.estimator.differentiable_decoders(n, self.y)

    @property
    def n_features_in_(self) -> int:
        """Columns seen in training."""
        return self.estimator.n_features_in_

    @property
    def n_components_(self) -> int:
        """Width of the code."""
        return self.estimator.n_components_

    @property
    def description_(self) -> Any:
        """What the columns of the rows are."""
        return self.estimator.description_

    @property
    def code_space_(self) -> Any:
        """Where the codes live."""
        return self.estimator.code_space_

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the codes' columns."""
        return self.estimator.get_feature_names_out(input_features)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        return self.estimator.__sklearn_tags__()
