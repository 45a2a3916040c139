"""The evidence lower bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from inscape._checks import check_integer
from inscape.objectives.bounds.bound import Bound
from inscape.objectives.variational import Batch


@dataclass(frozen=True)
class EvidenceLowerBound(Bound):
    r"""The mean over draws of the log-likelihood, less the divergence.

    .. math:: \frac{1}{k} \sum_{i=1}^k \log p(x \mid z_i) - D(q(z \mid x), p(z))

    Source: Kingma and Welling 2014, arXiv 1312.6114, Eq. 7.

    Parameters
    ----------
    n_draws : int
        Codes drawn for each row, :math:`k`.
    """

    n_draws: int = 1
    any_divergence: ClassVar[bool] = True
    takes_weights: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_integer("n_draws", self.n_draws, minimum=1)

    @property
    def total_draws(self) -> int:
        """Codes drawn for each row."""
        return self.n_draws

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """Return the negative bound in terms, mean nats per sample."""
        seen = batch.draw(self.n_draws)
        nats = batch.negative_log_likelihood(seen.codes)
        return {"reconstruction": batch.mean(nats), **batch.divergence_terms(seen)}
