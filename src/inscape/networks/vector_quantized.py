"""A bottleneck that lets only the vectors of a learned codebook through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from inscape._checks import check_integer, check_number
from inscape._errors import InvalidParameterError
from inscape.networks.bottleneck import Bottleneck, BottleneckModule
from inscape.networks.network import Pass

_SMOOTHING = 1e-5
# An entry that gets less than this of a uniform share of the rows moves to where it is needed.
_LEAST_SHARE = 0.1


@dataclass(frozen=True)
class VectorQuantized(Bottleneck):
    r"""Codes that are the nearest vectors of a codebook; the gradient goes straight through.

    .. math:: z = e_k, \qquad k = \arg\min_j |a - e_j|

    A code of several symbols is cut into as many vectors of equal width, each of which becomes the
    nearest one of the same codebook: the grid of the paper, where a convolutional network's code is
    a map, ``network="convolutional(map_code=true)"``.

    The codebook follows the codes by moving averages of the rows of each entry's cell, as an
    online k-means; no gradient reaches it. Source: van den Oord, Vinyals and Kavukcuoglu 2017,
    arXiv 1711.00937, Eq. 2 and 3 and appendix A.1.

    Parameters
    ----------
    codebook_size : int
        Vectors in the codebook.
    n_symbols : int or None
        Vectors that a row's code is cut into; None is one for each place of a code that is a map,
        and one else.
    commitment : float
        The weight :math:`\beta` of :math:`|a - e_k|^2`, which keeps the encoder near the codebook;
        summed over components and added to the nats per sample as it is, as in Eq. 3.
    decay : float
        The weight :math:`\gamma` of the past in the moving averages, in [0, 1).

    Examples
    --------
    >>> module = VectorQuantized(codebook_size=2).build(1, generator=torch.Generator())
    >>> rows = torch.tensor([[0.0], [0.5], [9.5], [10.0]])
    >>> module(rows).T
    tensor([[ 0.,  0., 10., 10.]])
    >>> module.eval().indices(rows)
    tensor([0, 0, 1, 1])
    """

    space: ClassVar[str] = "codebook"
    codebook_size: int = 512
    commitment: float = 0.25
    decay: float = 0.99
    n_symbols: int | None = None

    def __post_init__(self) -> None:
        check_integer("codebook_size", self.codebook_size, minimum=2)
        check_number("commitment", self.commitment, minimum=0)
        check_number("decay", self.decay, minimum=0, below=1)
        if self.n_symbols is not None:
            check_integer("n_symbols", self.n_symbols, minimum=1)

    def build(self, n_components: int, *, generator: torch.Generator) -> Quantizer:
        """Return the module; until its first training step the codebook is normal draws.

        Raises
        ------
        InvalidParameterError
            If the code cannot be cut into so many vectors.
        """
        n_symbols = self.n_symbols or 1
        if n_components % n_symbols:
            raise InvalidParameterError(
                f"`n_symbols` must divide the width of the code, {n_components}; got {n_symbols}: "
                "take a width that is a multiple of it."
            )
        width = n_components // n_symbols
        return Quantizer(self, torch.randn(self.codebook_size, width, generator=generator))

    def for_places(self, n_places: int) -> Self:
        return replace(self, n_symbols=n_places) if self.n_symbols is None else self


class Quantizer(BottleneckModule):
    """The module of `VectorQuantized`; all that it learns are buffers.

    The first training batch places the codebook: the row farthest from the mean, then again and
    again the row farthest from all entries so far (Gonzalez 1985), so that clusters that lie apart
    get an entry each. Nothing is drawn.

    Parameters
    ----------
    part : VectorQuantized
        The options.
    codebook : Tensor, shape (codebook_size, n_components / n_symbols)
        The vectors before any training.
    """

    codebook: Tensor
    counts: Tensor
    sums: Tensor
    placed: Tensor

    def __init__(self, part: VectorQuantized, codebook: Tensor) -> None:
        super().__init__()
        self.part = part
        self.register_buffer("codebook", codebook)
        self.register_buffer("counts", torch.zeros(len(codebook)))
        self.register_buffer("sums", torch.zeros_like(codebook))
        self.register_buffer("placed", torch.zeros((), dtype=torch.bool))

    @property
    def n_symbols(self) -> int:
        """Vectors that a row's code is cut into."""
        return self.part.n_symbols or 1

    def indices(self, linear: Tensor) -> Tensor:
        """Return the nearest entries of each row's vectors, int64; the first of equals.

        Parameters
        ----------
        linear : Tensor, shape (n, n_components)
            Linear codes, or codes.

        Returns
        -------
        Tensor, shape (n,), or (n, n_symbols) where there are several
        """
        nearest = self._nearest(linear.reshape(-1, self.codebook.shape[1]))
        return nearest if self.n_symbols == 1 else nearest.view(-1, self.n_symbols)

    def entries(self, indices: Tensor) -> Tensor:
        """Return the codes (n, n_components) that indices, as `indices` gives them, stand for."""
        return self.codebook[indices.flatten()].view(-1, self.n_symbols * self.codebook.shape[1])

    def forward(self, linear: Tensor) -> Tensor:
        """Return the codes (n, n_components) of linear codes of the same shape."""
        # In the codebook's precision, so that moving averages stay exact under autocast.
        rows = linear.detach().to(self.codebook.dtype).reshape(-1, self.codebook.shape[1])
        if self.training and not bool(self.placed):
            self._place(rows)
        nearest = self._nearest(rows)
        codes = self.codebook[nearest].view(linear.shape)
        if self.training:
            self._follow(rows, nearest)
        # Not `linear + (codes - linear)`: that differs from the entry by a rounding.
        return codes + (linear - linear.detach())

    def _nearest(self, rows: Tensor) -> Tensor:
        # |a|² is the same for all entries.
        return (self.codebook.square().sum(dim=1) - 2 * rows @ self.codebook.T).argmin(dim=1)

    def penalty(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        r"""Return the commitment loss :math:`\beta |a - e_k|^2`, summed over a row's symbols."""
        distances = (seen.linear - seen.codes.detach()).square().sum(dim=1)
        return self.part.commitment * distances.mean()

    def _place(self, rows: Tensor) -> None:
        self.codebook.copy_(_spread(rows, self.part.codebook_size))
        # As if each entry had had its share of the past batches.
        self.counts.fill_(len(rows) / self.part.codebook_size)
        self.sums.copy_(self.counts[:, None] * self.codebook)
        self.placed.fill_(True)

    def _follow(self, rows: Tensor, nearest: Tensor) -> None:
        share = 1 - self.part.decay
        counts = torch.zeros_like(self.counts).index_add_(0, nearest, torch.ones_like(rows[:, 0]))
        sums = torch.zeros_like(self.sums).index_add_(0, nearest, rows)
        self.counts.lerp_(counts, share)
        self.sums.lerp_(sums, share)
        self._move_unused(rows, nearest)
        # Laplace smoothing, as in the authors' code: no division by 0, and the same total.
        total = self.counts.sum()
        smoothed = (self.counts + _SMOOTHING) / (total + len(self.counts) * _SMOOTHING) * total
        self.codebook.copy_(self.sums / smoothed[:, None])

    def _move_unused(self, rows: Tensor, nearest: Tensor) -> None:
        """Put the least used entries on the rows that are farthest from theirs."""
        errors = (rows - self.codebook[nearest]).square().sum(dim=1)
        n_most = min(len(rows), len(self.counts))
        entries = self.counts.argsort(stable=True)[:n_most]
        worst = errors.argsort(descending=True, stable=True)[:n_most]
        fair = self.counts.mean()
        unused = self.counts[entries] < _LEAST_SHARE * fair
        self.sums[entries] = (fair * rows[worst]).where(unused[:, None], self.sums[entries])
        self.counts[entries] = fair.where(unused, self.counts[entries])


def _spread(rows: Tensor, n_entries: int) -> Tensor:
    """Return rows far from each other; where there are too few, again, each a little aside."""
    chosen = []
    distances = (rows - rows.mean(dim=0)).square().sum(dim=1)
    for turn in range(min(len(rows), n_entries)):
        row = rows[distances.argmax()]
        chosen.append(row)
        apart = (rows - row).square().sum(dim=1)
        distances = apart if turn == 0 else distances.minimum(apart)
    entries = torch.stack(chosen)
    again = torch.arange(n_entries, device=rows.device)
    aside = torch.sin(torch.arange(1.0, 1 + n_entries * rows.shape[1], device=rows.device))
    step = 1e-3 * (rows - rows.mean(dim=0)).square().mean().sqrt() * (again >= len(entries))
    return entries[again % len(entries)] + step[:, None] * aside.view(n_entries, -1)
