"""A density of the symbols that quantised codes are, each given those before it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from inscape._checks import check_integer
from inscape._parts import Family, Part

_LEARNING_RATE, _BATCH_SIZE = 3e-3, 256
# The share of the rows that tells when it knows most of others, and steps between two looks.
_HELD_OUT, _BETWEEN_LOOKS = 0.1, 25


@dataclass(frozen=True)
class AutoregressiveSymbols(Part):
    r"""Each symbol of a code, given those before it, row by row of the grid.

    .. math:: p(s_1, \ldots, s_S) = \prod_i p(s_i \mid s_1, \ldots, s_{i-1})

    Each place has a hidden layer that sees what stands before it, by a masked network (MADE:
    Germain et al. 2015, arXiv 1502.03509), and the logits of its symbols are linear in that. It
    starts as the categorical distribution of each place by itself, which is all there is of one
    symbol; a tenth of the rows is held out to keep what tells most of them, the start among it.
    Source: the prior over the grid of van den Oord et al. 2017, arXiv 1711.00937, section 3.3,
    which is a PixelCNN there.

    Parameters
    ----------
    hidden : int
        Width of each place's hidden layer.
    n_embedding : int
        Numbers that a symbol is told by to the places behind it.
    """

    hidden: int = 32
    n_embedding: int = 8

    def __post_init__(self) -> None:
        check_integer("hidden", self.hidden, minimum=1)
        check_integer("n_embedding", self.n_embedding, minimum=1)


SYMBOLS = Family(AutoregressiveSymbols, {"autoregressive_symbols": AutoregressiveSymbols})


class SymbolDensity(nn.Module):
    """The module of `AutoregressiveSymbols`.

    Parameters
    ----------
    part : AutoregressiveSymbols
        The options.
    n_symbols, codebook_size : int
        Symbols of a code, and how many there are to choose from.
    generator : torch.Generator
        Where the weights are drawn from.
    """

    mask: Tensor

    def __init__(
        self,
        part: AutoregressiveSymbols,
        *,
        n_symbols: int,
        codebook_size: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.n_symbols, self.width = n_symbols, part.hidden
        n_seen, n_hidden = n_symbols * part.n_embedding, n_symbols * part.hidden

        def drawn(*shape: int, fan_in: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(shape, generator=generator) / fan_in**0.5)

        self.embedding = drawn(codebook_size, part.n_embedding, fan_in=1)
        self.mixing = drawn(n_hidden, n_seen, fan_in=n_seen)
        self.bias = nn.Parameter(torch.zeros(n_hidden))
        self.logits = nn.Parameter(torch.zeros(codebook_size, part.hidden))
        self.place = nn.Parameter(torch.zeros(n_symbols, codebook_size))
        before = torch.ones(n_symbols, n_symbols).tril(-1)
        mask = torch.kron(before, torch.ones(part.hidden, part.n_embedding))
        self.register_buffer("mask", mask, persistent=False)

    def log_probability(self, symbols: Tensor) -> Tensor:
        """Return nats (n,) of symbols (n, n_symbols), integers below `codebook_size`."""
        log_shares = self._logits(symbols).log_softmax(dim=-1)
        return log_shares.gather(-1, symbols[..., None]).squeeze(-1).sum(dim=1)

    def draw(self, n: int, *, generator: torch.Generator) -> Tensor:
        """Return symbols (n, n_symbols), one place after another."""
        symbols = torch.zeros(n, self.n_symbols, dtype=torch.int64, device=self.place.device)
        for place in range(self.n_symbols):
            shares = self._logits(symbols)[:, place].softmax(dim=-1)
            chosen = torch.multinomial(shares.cpu().double(), 1, generator=generator)
            symbols[:, place] = chosen[:, 0].to(symbols.device)
        return symbols

    def _logits(self, symbols: Tensor) -> Tensor:
        seen = self.embedding[symbols].flatten(1)
        hidden = linear(seen, self.mixing * self.mask, self.bias).relu()
        return hidden.view(-1, self.n_symbols, self.width) @ self.logits.T + self.place


def fit_symbols(
    density: SymbolDensity, symbols: Tensor, *, n_steps: int, generator: torch.Generator
) -> None:
    """Fit a density to symbols (n, n_symbols) by maximum likelihood, in place, with Adam.

    Parameters
    ----------
    density : SymbolDensity
        What is fitted.
    symbols : Tensor, shape (n, n_symbols)
        What it has to explain.
    n_steps : int
        Steps, each of at most 256 rows.
    generator : torch.Generator
        On the CPU; for the batches, and the rows that are held out.
    """
    order = torch.randperm(len(symbols), generator=generator).to(symbols.device)
    n_held_out = max(1, round(_HELD_OUT * len(symbols)))
    held_out, known = symbols[order[:n_held_out]], symbols[order[n_held_out:]]
    known = known if len(known) else held_out
    with torch.no_grad():
        density.place.copy_(_log_shares(known, density.place.shape[1]))
    optimizer = torch.optim.Adam(density.parameters(), lr=_LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    best, kept = _mean_nats(density, held_out), _copied(density)
    size = min(_BATCH_SIZE, len(known))
    for step in range(1, n_steps + 1):
        which = torch.randint(len(known), (size,), generator=generator).to(known.device)
        with torch.enable_grad():
            loss = -density.log_probability(known[which]).mean()
            optimizer.zero_grad()
            loss.backward()
        optimizer.step()
        schedule.step()
        if step % _BETWEEN_LOOKS == 0 or step == n_steps:
            found = _mean_nats(density, held_out)
            if found > best:
                best, kept = found, _copied(density)
    density.load_state_dict(kept)


def _log_shares(symbols: Tensor, codebook_size: int) -> Tensor:
    """Return the log of each symbol's share at each place, one row more spread over all of them."""
    counts = torch.stack([torch.bincount(place, minlength=codebook_size) for place in symbols.T])
    return ((counts + 1 / codebook_size) / (len(symbols) + 1)).log()


@torch.no_grad()
def _mean_nats(density: SymbolDensity, symbols: Tensor) -> float:
    blocks = [density.log_probability(some) for some in symbols.split(_BATCH_SIZE)]
    return float(torch.cat(blocks).double().mean())


def _copied(density: SymbolDensity) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in density.state_dict().items()}
