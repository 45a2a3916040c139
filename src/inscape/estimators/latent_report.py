"""What is told of a latent space after a fit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch

from inscape.estimators.options import VariationalParts
from inscape.measures import active_units, aggregate_posterior
from inscape.networks import Examples, Network

# Rows that are looked at: each is compared with each.
_ROWS = 1024
# Of these, whose codes are compared with all where the divergence has no formula: such densities
# are costly, and their mean needs fewer codes than the mixture needs rows.
_COSTLY = 128
# Nats below the logarithm of the rows from which on a mutual information may be larger than found.
_NEAR = 1.0
# Codes whose densities under all posteriors are taken at a time.
_AT_ONCE = 64


@dataclass(frozen=True)
class LatentReport:
    r"""What the latent space is like after a fit.

    Parameters
    ----------
    n_components : int
        Width of the code.
    active_units : tuple of int
        Units whose posterior mean varies over the rows.
    kullback_leibler : float or None
        Divergence of the posteriors from the prior, mean nats per sample; None for codes without
        a density.
    kullback_leibler_by_component : tuple of float or None
        Each component's share, where the divergence is a sum over components.
    mutual_information : float or None
        Nats that a code tells about which row it is of; at most the logarithm of `n_rows`, and
        near that a lower bound.
    mismatch : float or None
        Divergence of all rows' codes together from the prior, in nats: the rest of the divergence,
        and an upper bound where the mutual information is a lower one.
    n_rows : int
        Rows that were looked at.
    weights : tuple of (float, float) or None
        The weight of the divergence as it was given, for sums over features and components, and
        the same weight for means over them.
    """

    n_components: int
    active_units: tuple[int, ...]
    kullback_leibler: float | None
    kullback_leibler_by_component: tuple[float, ...] | None
    mutual_information: float | None
    mismatch: float | None
    n_rows: int
    weights: tuple[float, float] | None

    def __str__(self) -> str:
        return f"{self.told} {self.diagnosis}".strip()

    @property
    def told(self) -> str:
        """The numbers in words."""
        sentences = [f"{len(self.active_units)} of {self.n_components} units are active."]
        if self.kullback_leibler is not None:
            assert self.mutual_information is not None
            # That a code is of one of n rows is told by log n nats; the rest lands in the mismatch.
            all_told = self.mutual_information > math.log(self.n_rows) - _NEAR
            least, most = ("at least ", "at most ") if all_told else ("", "")
            sentences.append(
                f"The codes cost {self.kullback_leibler:.2f} nats a sample: {least}"
                f"{self.mutual_information:.2f} tell which row it is, {most}{self.mismatch:.2f} "
                "are what all codes together miss the prior by"
                + (f" ({self.n_rows:,} rows cannot tell more)." if all_told else ".")
            )
        if self.weights is not None and self.weights[0] != 1:
            summed, averaged = self.weights
            sentences.append(
                f"The divergence's weight is {summed:.4g} where losses are sums over features and "
                f"components, which is {averaged:.4g} where they are means over them: multiply by "
                "components / features."
            )
        return " ".join(sentences)

    @property
    def diagnosis(self) -> str:
        """In words whether the posterior collapsed, and what to try; or an empty text."""
        n_silent = self.n_components - len(self.active_units)
        if not n_silent:
            return ""
        told = (
            "The posterior has collapsed onto the prior: no unit tells anything about the rows."
            if n_silent == self.n_components
            else f"{n_silent} of {self.n_components} units have collapsed onto the prior and tell "
            "nothing."
        )
        return (
            f"{told} Try a smaller weight of the divergence, a warm-up "
            "(schedule='linear_warm_up'), free_bits, a longer training, or, if the reconstruction "
            "is good enough, fewer n_components."
        )


@torch.no_grad()
def report_on_latents(
    network: Network, parts: VariationalParts, examples: Examples, *, n_costly: int = _COSTLY
) -> LatentReport:
    """Look at the latent space of some of the rows.

    Parameters
    ----------
    network : Network
        Fitted, with its prior.
    parts : VariationalParts
        What it was made of.
    examples : Examples
        As the encoder reads them.
    n_costly : int
        Codes that are compared with all rows where the divergence has no formula.
    """
    some = examples[:: max(1, len(examples) // _ROWS)][:_ROWS]
    seen = some.to(next(network.parameters()).device)
    encoded = network.linear_codes(seen.features, seen.conditions)
    posterior = network.bottleneck.distribution(encoded)
    n_components = posterior.mean.shape[1]
    dense = parts.posterior.has_density
    found = _divergences(network, posterior, n_costly) if dense else _nothing()
    weight = parts.divergence.told_weight
    scale = n_components / parts.n_features
    return LatentReport(
        n_components=n_components,
        n_rows=len(seen),
        active_units=active_units(posterior.mean.double().cpu().numpy()),
        weights=None if weight is None else (weight, weight * scale),
        **found,
    )


def _nothing() -> dict[str, Any]:
    """Return what is told of codes without a density."""
    return {
        "kullback_leibler": None,
        "kullback_leibler_by_component": None,
        "mutual_information": None,
        "mismatch": None,
    }


def _divergences(network: Network, posterior: Any, n_costly: int) -> dict[str, Any]:
    """Return what codes cost and tell, from one code drawn for each row."""
    codes, log_density = posterior.draw(1, generator=torch.Generator().manual_seed(0))
    log_prior = network.prior.log_density(codes[0], network)
    exact = posterior.kullback_leibler(network.prior)
    each = log_density[0] - log_prior if exact is None else exact
    # Rows in the order of the data, of which the first may all be of one class.
    n = codes.shape[1]
    chosen = torch.arange(0, n, 1 if exact is not None else max(1, n // n_costly))
    order = torch.cat([chosen, torch.ones(n).index_fill(0, chosen, 0).nonzero()[:, 0]])
    parts = codes[0, chosen].split(_AT_ONCE)
    pairs = torch.cat([posterior.log_density(part[:, None]) for part in parts])[:, order]
    whole = aggregate_posterior(
        pairs.double().cpu().numpy(), log_prior[chosen].double().cpu().numpy()
    )
    by_component = posterior.kullback_leibler_by_component(network.prior)
    shares = None if by_component is None else tuple(by_component.mean(dim=0).tolist())
    return {
        "kullback_leibler": float(each.mean()),
        "kullback_leibler_by_component": shares,
        "mutual_information": whole.mutual_information,
        "mismatch": whole.mismatch,
    }
