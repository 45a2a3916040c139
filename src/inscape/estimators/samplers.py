"""Samplers: densities of codes that are fitted after training, to draw new ones from."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inscape._checks import check_choice, check_integer
from inscape._errors import InvalidParameterError
from inscape._parts import describe_part, name_of, resolve_part
from inscape._typing import FloatArray
from inscape.estimators.inputs import as_tensor, make_generator
from inscape.estimators.symbols import AutoregressiveSymbols, SymbolDensity, fit_symbols
from inscape.networks import Network, Quantizer
from inscape.objectives import Codebook, Sphere
from inscape.objectives.priors import (
    MixtureOfGaussians,
    MixtureOfGaussiansModule,
    NormalizingFlow,
    fit_flow,
)

SAMPLERS: Mapping[str, Any] = {
    "mixture": MixtureOfGaussians,
    "flow": NormalizingFlow,
    "symbols": AutoregressiveSymbols,
}


class Sampler(nn.Module):
    """A density of codes that was fitted after training.

    Parameters
    ----------
    part : MixtureOfGaussians, NormalizingFlow or AutoregressiveSymbols
        What it is.
    density : nn.Module
        The part's module, of the codes as vectors of flat space, or of their symbols.
    """

    def __init__(self, part: Any, density: Any) -> None:
        super().__init__()
        self.part = part
        self.density = density
        self.requires_grad_(False)


def fit_sampler(
    estimator: Any, X: Any, kind: Any, *, y: Any, n_steps: int, random_state: Any
) -> None:
    """Fit a sampler to the codes of rows, and keep it in the estimator's network.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    """
    part = resolve_part("kind", kind, SAMPLERS)
    n_steps = check_integer("n_steps", n_steps, minimum=1)
    generator = make_generator(random_state)
    if isinstance(part, AutoregressiveSymbols):
        _keep(estimator, part, _fit_symbols(estimator, part, X, y, n_steps, generator))
        return
    points = _points(estimator, X, y, generator)
    like = next(estimator.network_.parameters())
    if isinstance(part, MixtureOfGaussians):
        density: Any = _fit_mixture(part, points, generator).to(like.dtype)
    else:
        density = part.build(points.shape[1], generator=generator, rows=None).to(like.dtype)
        fit_flow(density, points, n_steps=n_steps, generator=generator)
    _keep(estimator, part, density)


def _keep(estimator: Any, part: Any, density: Any) -> None:
    device = next(estimator.network_.parameters()).device
    samplers = getattr(estimator.network_, "samplers", nn.ModuleDict())
    samplers[_word(part)] = Sampler(part, density).to(device)
    estimator.network_.samplers = samplers


def draw_codes(estimator: Any, n: int, *, from_: str | None, random_state: Any) -> FloatArray:
    """Draw codes from the prior or from a fitted sampler.

    Returns
    -------
    ndarray, shape (n, n_components)
        In the dtype of the network.

    Raises
    ------
    InvalidParameterError
        If there is no such prior or sampler.
    """
    count, generator = check_integer("n", n, minimum=1), make_generator(random_state)
    network = estimator.network_
    kind = _find_kind(estimator, from_)
    density = density_in(network, kind)
    with torch.no_grad():
        if isinstance(density, SymbolDensity):
            quantizer = _quantizer(network)
            return quantizer.entries(density.draw(count, generator=generator)).cpu().numpy()
        codes = density.sample(count, generator=generator, network=network)
        if kind != "prior":
            codes = estimator.code_space_.settle(codes)
    return codes.cpu().numpy()


def find_mixture(estimator: Any, from_: str | None) -> str:
    """Return which prior or sampler is asked for, one whose module has ``responsibilities``.

    Raises
    ------
    InvalidParameterError
        If there is no such prior or sampler, or it is no mixture of the codes as they are.
    """
    kind = _find_kind(estimator, from_)
    density = density_in(estimator.network_, kind)
    if not hasattr(density, "responsibilities"):
        raise InvalidParameterError(
            f"`from_` must be a mixture to have responsibilities; got {kind!r}, a "
            f"{type(density).__name__}: call fit_sampler(X, kind='mixture') and take "
            "from_='mixture', or fit with prior='mixture_of_gaussians'."
        )
    if kind != "prior" and isinstance(estimator.code_space_, Sphere):
        raise InvalidParameterError(
            "`from_` must be a mixture of the codes as they are; got 'mixture' on the sphere, "
            "whose draws have lengths that codes have not: cluster the codes instead."
        )
    return kind


def density_in(network: Network, kind: str) -> Any:
    """Return the module of a network's prior, or of one of its samplers."""
    samplers: Any = getattr(network, "samplers", {})
    return network.prior if kind == "prior" else samplers[kind].density


def _find_kind(estimator: Any, from_: str | None) -> str:
    network = estimator.network_
    has_prior = hasattr(network, "prior")
    samplers = getattr(network, "samplers", {})
    only = next(iter(samplers)) if len(samplers) == 1 else "mixture"
    kind = from_ or ("prior" if has_prior else only)
    check_choice("from_", kind, ("prior", *SAMPLERS))
    if kind == "prior" and not has_prior:
        raise InvalidParameterError(
            f"`from_` must be 'mixture', 'flow' or 'symbols' for {type(estimator).__name__}, which "
            "has no prior; got 'prior': call fit_sampler(X, kind='mixture') first."
        )
    if kind != "prior" and kind not in samplers:
        raise InvalidParameterError(
            f"`from_` must be a sampler that has been fitted; got {kind!r}: call "
            f"fit_sampler(X, kind={kind!r}) first."
        )
    return kind


def describe_samplers(network: Network) -> dict[str, Any]:
    """Return the samplers' kinds and sizes as plain data, for `restore_samplers`."""
    samplers = getattr(network, "samplers", {})
    return {word: describe_part(sampler.part) for word, sampler in samplers.items()}


def restore_samplers(network: Network, described: Mapping[str, Any], *, n_components: int) -> None:
    """Give a network samplers of these kinds and sizes; their weights are still to be loaded."""
    if not described:
        return
    table = {name_of(part()): part for part in SAMPLERS.values()}
    network.samplers = nn.ModuleDict()
    for word, description in described.items():
        part = resolve_part("sampler", description, table)
        if isinstance(part, AutoregressiveSymbols):
            density: Any = _new_symbols(part, _quantizer(network), torch.Generator())
        else:
            density = part.build(n_components, generator=torch.Generator(), rows=None)
        network.samplers[word] = Sampler(part, density)


def forget_samplers(network: Network) -> None:
    """Take the samplers away, as whoever changes the codes has to."""
    if hasattr(network, "samplers"):
        del network.samplers


def _word(part: Any) -> str:
    return next(word for word, kind in SAMPLERS.items() if type(part) is kind)


def _quantizer(network: Network) -> Quantizer:
    return next(m for m in network.bottleneck.modules() if isinstance(m, Quantizer))


def _new_symbols(
    part: AutoregressiveSymbols, quantizer: Quantizer, generator: torch.Generator
) -> SymbolDensity:
    size = len(quantizer.codebook)
    return SymbolDensity(
        part, n_symbols=quantizer.n_symbols, codebook_size=size, generator=generator
    )


def _fit_symbols(
    estimator: Any,
    part: AutoregressiveSymbols,
    X: Any,
    y: Any,
    n_steps: int,
    generator: torch.Generator,
) -> SymbolDensity:
    space = estimator.code_space_
    if not isinstance(space, Codebook):
        raise InvalidParameterError(
            "`kind` must be 'mixture' or 'flow' for codes that are no symbols; got 'symbols': "
            "take one of those, or bottleneck='vector_quantized'."
        )
    quantizer = space.quantizer
    density = _new_symbols(part, quantizer, generator).to(quantizer.codebook)
    codes = as_tensor(np.asarray(estimator.transform(X, y)), dtype=quantizer.codebook.dtype)
    symbols = quantizer.indices(codes.to(quantizer.codebook.device)).view(len(codes), -1)
    fit_symbols(density, symbols, n_steps=n_steps, generator=generator)
    return density


def _points(estimator: Any, X: Any, y: Any, generator: torch.Generator) -> Tensor:
    """Return codes of rows as vectors (n, n_components) of flat space, float64 on the CPU."""
    if hasattr(estimator, "sample_latent"):
        # The prior under which rows are likeliest is that of the codes the decoder was trained on:
        # draws, not means.
        seed = int(torch.randint(2**31, (), generator=generator))
        codes = estimator.sample_latent(X, y, random_state=seed)[0]
    else:
        codes = np.asarray(estimator.transform(X))
    space = estimator.code_space_
    points = space.flatten(as_tensor(codes, dtype=torch.float64))
    if not isinstance(space, Sphere):
        return points
    # A density in space needs lengths as well as directions. These are a normal vector's, so that
    # codes from all over the sphere become a standard normal.
    lengths = torch.randn(points.shape, generator=generator, dtype=points.dtype).norm(dim=1)
    return points * lengths[:, None]


def _fit_mixture(
    part: MixtureOfGaussians, points: Tensor, generator: torch.Generator
) -> MixtureOfGaussiansModule:
    from sklearn.exceptions import ConvergenceWarning

    check_integer(
        "n_mixture_components",
        part.n_mixture_components,
        minimum=1,
        maximum=len(points.unique(dim=0)),
        limit="the number of different codes",
    )
    with warnings.catch_warnings():
        # A mixture whose last steps are missing is a mixture to draw from all the same.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return MixtureOfGaussiansModule.fitted(
            points.numpy(),
            n_mixture_components=part.n_mixture_components,
            covariance=part.covariance,
            random_state=int(torch.randint(2**31, (), generator=generator)),
        )
