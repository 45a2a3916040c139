"""How much of a codebook a set of codes uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inscape._checks import check_integer, check_matrix
from inscape._errors import InvalidParameterError
from inscape._typing import FloatArray


@dataclass(frozen=True)
class CodebookUsage:
    """Which vectors a set of codes consists of, and how evenly.

    Parameters
    ----------
    counts : tuple of int
        Codes at each distinct vector, the most used first.
    codebook_size : int or None
        Vectors that could have been used, where that is known.
    """

    counts: tuple[int, ...]
    codebook_size: int | None = None

    @property
    def n_used(self) -> int:
        """The number of distinct vectors."""
        return len(self.counts)

    @property
    def perplexity(self) -> float:
        r"""The number of vectors of equal use that would be as even, :math:`e^H`.

        :math:`H = -\sum_k p_k \log p_k` is the entropy of the shares :math:`p_k`, in nats.
        """
        shares = np.array(self.counts) / sum(self.counts)
        return float(np.exp(-(shares * np.log(shares)).sum()))

    @property
    def share_used(self) -> float | None:
        """The share of the codebook that is used, in (0, 1]; None where its size is not known."""
        return None if self.codebook_size is None else self.n_used / self.codebook_size


def codebook_usage(codes: FloatArray, *, codebook_size: int | None = None) -> CodebookUsage:
    """Return how many distinct vectors the codes are, and how evenly they are used.

    Parameters
    ----------
    codes : ndarray, shape (n_samples, n_components)
        Codes of many rows, as a quantised representation gives them; two are the same if all
        their bits are.
    codebook_size : int or None
        Vectors in the codebook, for the share that is used.

    Returns
    -------
    CodebookUsage
        Its counts, `n_used`, `perplexity` and `share_used`.

    Raises
    ------
    InvalidDataError
        If the codes are not a finite matrix.
    InvalidParameterError
        If there are more distinct codes than the codebook has vectors.

    Examples
    --------
    >>> usage = codebook_usage(np.array([[0.0], [0.0], [3.0], [3.0]]), codebook_size=8)
    >>> usage.n_used, round(usage.perplexity, 6), usage.share_used
    (2, 2.0, 0.25)
    """
    rows = check_matrix(codes, name="codes")
    counts = np.unique(rows, axis=0, return_counts=True)[1]
    usage = CodebookUsage(tuple(sorted(counts.tolist(), reverse=True)), codebook_size)
    if codebook_size is None:
        return usage
    check_integer("codebook_size", codebook_size, minimum=1)
    if usage.n_used > codebook_size:
        raise InvalidParameterError(
            f"`codebook_size` must be at least the number of distinct codes ({usage.n_used}); got "
            f"{codebook_size}: give codes that came from the codebook as they are."
        )
    return usage
