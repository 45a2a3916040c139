"""Bottlenecks that keep the largest codes and set the rest to 0, and bring dead units back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inscape._checks import check_flag, check_integer, check_number
from inscape._errors import InvalidParameterError
from inscape.networks.bottleneck import Bottleneck, BottleneckModule
from inscape.networks.network import Network, Pass, leaving_buffers, matrices_beside

# The threshold is the plain mean of the first twenty batches, then one that forgets: early
# batches come from a network that is no more.
_SLOWEST = 0.05
# Of a default training, where nothing is said of the steps that are planned.
_USUAL_STEPS = 600


@dataclass(frozen=True)
class _Largest(Bottleneck):
    """The options that both bottlenecks have."""

    k: int = 8
    revival: float = 1 / 4
    revival_k: int | None = None
    dead_after: float = 0.05
    tied_start: bool = True
    unit_columns: bool = True

    def __post_init__(self) -> None:
        check_integer("k", self.k, minimum=1)
        check_number("revival", self.revival, minimum=0)
        if self.revival_k is not None:
            check_integer("revival_k", self.revival_k, minimum=1)
        _check_dead_after(self.dead_after)
        check_flag("tied_start", self.tied_start)
        check_flag("unit_columns", self.unit_columns)

    @abstractmethod
    def build(self, n_components: int, *, generator: torch.Generator) -> LargestCodes:
        """Return the module."""


@dataclass(frozen=True)
class TopK(_Largest):
    r"""Keep the `k` largest codes of each row and set the rest to 0.

    .. math:: z_i = \max(a_i, 0) \;\text{if}\; a_i \;\text{is among the}\; k \;\text{largest of its
              row, else}\; 0

    Sources: Makhzani and Frey 2013, arXiv 1312.5663; the start and the revival of dead units, Gao
    et al. 2024, arXiv 2406.04093, section 2.4 and appendix A. Their weight of 1/32 is of errors
    over the variance of what is left, and brings nobody back at the length of a default training.

    Parameters
    ----------
    k : int
        Codes that a row keeps, at most `n_components`. Fewer are above 0 where a row has fewer
        positive ones.
    revival : float
        Weight of the loss that brings dead units back; see `LargestCodes.penalty`. 0 leaves them.
    revival_k : int or None
        Dead units that try to mend a row, those with the largest codes; None is half as many as
        there are features.
    dead_after : int or float
        A unit that has given 0 for so many training steps is dead: an integer, or, below 1, a
        share of the steps that are planned.
    tied_start : bool
        Whether the matrix before the bottleneck starts as the transpose of the one after it, whose
        columns start at length 1: a unit then answers to what it stands for. Layers that are no
        such matrices, tied weights and modules of the user's own start as they do. On a few hundred
        rows the units that it keeps alive may fit noise: take fewer, or leave it.
    unit_columns : bool
        Whether the columns of the matrix after the bottleneck are brought to length 1 before each
        training step: the largest codes are then those that change most behind it.

    Examples
    --------
    >>> module = TopK(k=2).build(4, generator=torch.Generator())
    >>> module(torch.tensor([[3.0, -1.0, 2.0, 1.0], [-4.0, -3.0, -2.0, 0.5]]))
    tensor([[3.0000, 0.0000, 2.0000, 0.0000],
            [0.0000, 0.0000, 0.0000, 0.5000]])
    """

    def build(self, n_components: int, *, generator: torch.Generator) -> LargestCodes:
        """Return the module; nothing is drawn.

        Raises
        ------
        InvalidParameterError
            If `k` is above `n_components`.
        """
        return LargestOfRow(self, n_components)


@dataclass(frozen=True)
class BatchTopK(_Largest):
    r"""Keep `k` codes a row on average: the n * `k` largest of a batch of n rows.

    A row that is hard to describe may take more codes than one that is easy. In use a row must
    not depend on its neighbours, so a code then stays if it reaches a threshold: the mean, over
    the training's whole batches, of the smallest code above 0 that was kept (the plain mean of the
    first twenty batches, then a moving one). A shorter batch, as the last of an epoch is, keeps
    others: of one row it keeps the k largest. Before any training the threshold is 0.

    Source: Bussmann, Leask and Nanda 2024, arXiv 2412.06410.

    Parameters
    ----------
    k : int
        Codes that a row keeps on average, at most `n_components`.
    revival, revival_k, dead_after, tied_start, unit_columns
        As of `TopK`.

    Examples
    --------
    >>> module = BatchTopK(k=1).build(3, generator=torch.Generator())
    >>> module(torch.tensor([[3.0, 2.0, 1.0], [0.1, 0.2, 0.3]]))
    tensor([[3., 2., 0.],
            [0., 0., 0.]])
    >>> module.eval()(torch.tensor([[1.9, 2.1, 9.0]]))
    tensor([[0.0000, 2.1000, 9.0000]])
    """

    def build(self, n_components: int, *, generator: torch.Generator) -> LargestCodes:
        """Return the module; nothing is drawn.

        Raises
        ------
        InvalidParameterError
            If `k` is above `n_components`.
        """
        return LargestOfBatch(self, n_components)


class LargestCodes(BottleneckModule, ABC):
    """Keeps the largest codes, and counts for how many training steps each unit gave 0.

    Parameters
    ----------
    part : TopK or BatchTopK
        The options.
    n_components : int
        Width of the code.
    """

    steps_silent: Tensor

    def __init__(self, part: _Largest, n_components: int) -> None:
        super().__init__()
        check_integer("k", part.k, minimum=1, maximum=n_components, limit="n_components")
        self.part = part
        self.register_buffer("steps_silent", torch.zeros(n_components, dtype=torch.int64))

    @abstractmethod
    def keep(self, linear: Tensor) -> Tensor:
        """Return the codes, the shape of `linear`."""

    def forward(self, linear: Tensor) -> Tensor:
        """Return the codes (n, n_components) of linear codes of the same shape."""
        codes = self.keep(linear)
        if self.training:
            fired = (codes.detach() > 0).any(dim=0)
            self.steps_silent.add_(1).masked_fill_(fired, 0)
        return codes

    def dead(self, n_steps: int | None = None) -> Tensor:
        """Return which units are dead, bool of shape (n_components,).

        Parameters
        ----------
        n_steps : int or None
            Planned steps, where `dead_after` is a share of them; None is a default training.
        """
        after = self.part.dead_after
        if after < 1:
            after = max(1, round(after * (n_steps or _USUAL_STEPS)))
        return self.steps_silent >= after

    @torch.no_grad()
    def start(self, before: nn.Linear, after: nn.Linear) -> None:
        """Let the matrix before be the transpose of the one after it, whose columns have length 1.

        Parameters
        ----------
        before : nn.Linear
            Gives the linear codes.
        after : nn.Linear
            Reads the codes.
        """
        if self.part.tied_start:
            _to_length_1(after.weight)
            before.weight.copy_(after.weight.T)

    @torch.no_grad()
    def hold(self, network: Network) -> None:
        """Bring the columns of the matrix after the bottleneck to length 1, if that is asked."""
        beside = matrices_beside(network.encoder, network.decoder)
        if self.part.unit_columns and beside is not None:
            _to_length_1(beside[1].weight)

    def penalty(self, seen: Pass, *, generator: torch.Generator) -> Tensor:
        r"""Return what the dead units could mend, in mean nats per sample, times `revival`.

        .. math:: \alpha \left[ \ell\big(x, o + d(z + z_{dead}) - d(z)\big) - \ell(x, o) \right]

        with :math:`\ell` the negative log-likelihood, :math:`o` the outputs, :math:`z` the codes
        and :math:`d` the decoder; :math:`o` and :math:`z` are held fixed. :math:`z_{dead}` are the
        linear codes of the `revival_k` largest dead units of each row; they pass no rectifier, so
        that a unit below 0 for every row has a gradient too. (One that is far below 0 everywhere
        may settle with a negative code that helps here, and never fire.)

        With a linear decoder and a Gaussian of scale 1 the bracket is
        :math:`\frac12 |e - W z_{dead}|^2 - \frac12 |e|^2`, with the residual :math:`e = x - o`.
        This is half of Gao et al.'s loss, as the reconstruction here is half of theirs, less what
        has no gradient: it is 0 where no unit is dead, and below 0 where the dead would help.

        The decoder is run twice more, as in training (dropout draws anew in each), but these runs
        leave its buffers (the running means of batch normalisation) as they were.
        """
        dead = self.dead(seen.n_steps)
        if self.part.revival == 0 or not bool(dead.any()):
            return seen.codes.new_zeros(())
        live, outputs = seen.codes.detach(), seen.outputs.detach()
        revived = _dead_codes(
            seen.linear, dead, k=self.part.revival_k or seen.targets.shape[1] // 2
        )
        decoder = seen.network.decoder
        change = leaving_buffers(decoder, live + revived) - leaving_buffers(decoder, live)
        nats = seen.likelihood.negative_log_likelihood
        mended = nats(outputs + change, seen.targets) - nats(outputs, seen.targets)
        return self.part.revival * seen.factor * mended.mean()


class LargestOfRow(LargestCodes):
    """The module of `TopK`."""

    def keep(self, linear: Tensor) -> Tensor:
        """Return the `k` largest codes of each row, the rest 0."""
        return _keep_largest(linear.relu(), self.part.k)


class LargestOfBatch(LargestCodes):
    """The module of `BatchTopK`."""

    threshold: Tensor
    n_batches: Tensor

    def __init__(self, part: _Largest, n_components: int) -> None:
        super().__init__(part, n_components)
        self.register_buffer("threshold", torch.zeros(()))
        self.register_buffer("n_batches", torch.zeros((), dtype=torch.int64))
        # Of a whole batch. An epoch begins with one, and so does a training that goes on.
        self.most_rows = 0

    def keep(self, linear: Tensor) -> Tensor:
        """Return the largest codes of the batch in training, else those from the threshold on."""
        positive = linear.relu()
        if not self.training:
            return positive.where(positive >= self.threshold, 0)
        n_kept = self.part.k * len(linear)
        codes = _keep_largest(positive.view(1, -1), n_kept).view_as(linear)
        if len(linear) >= self.most_rows:
            self.most_rows = len(linear)
            self._follow(codes.detach())
        return codes

    def _follow(self, codes: Tensor) -> None:
        smallest = codes.where(codes > 0, torch.inf).amin()
        # Everything by tensors: asking for the value would make an accelerator wait.
        some = smallest.isfinite()
        rate = (1 / (self.n_batches + 1.0)).clamp(min=_SLOWEST)
        moved = self.threshold + rate * (smallest - self.threshold)
        self.threshold.copy_(moved.where(some, self.threshold))
        self.n_batches.add_(some)


def _check_dead_after(value: float) -> None:
    try:
        if isinstance(value, int) or not check_number("dead_after", value, above=0) < 1:
            check_integer("dead_after", value, minimum=1)
    except InvalidParameterError as error:
        raise InvalidParameterError(
            "`dead_after` must be a number of steps, an integer >= 1, or a share of them above 0 "
            f"and below 1; got {value!r}: take 0.05."
        ) from error


def _to_length_1(matrix: Tensor) -> None:
    """Divide each column by its length, in place; a column of zeros stays."""
    lengths = torch.linalg.vector_norm(matrix, dim=0, keepdim=True)
    matrix.div_(lengths.where(lengths > 0, 1))


def _keep_largest(values: Tensor, k: int) -> Tensor:
    """Return the `k` largest values of each row, the rest 0."""
    largest, places = values.topk(k, dim=1, sorted=False)
    return torch.zeros_like(values).scatter(1, places, largest)


def _dead_codes(linear: Tensor, dead: Tensor, *, k: int) -> Tensor:
    """Return the `k` largest codes of each row among the dead units, the rest 0."""
    n_kept = min(max(k, 1), linear.shape[1])
    largest, places = linear.masked_fill(~dead, -torch.inf).topk(n_kept, dim=1, sorted=False)
    # Where there are fewer dead units than asked for, live ones came along.
    largest = largest.masked_fill(~dead[places], 0)
    return torch.zeros_like(linear).scatter(1, places, largest)
