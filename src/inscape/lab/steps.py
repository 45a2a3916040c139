"""Encoders and decoders as steps that a page can take by itself: products, sums and activations."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from sklearn.decomposition import NMF, PCA, TruncatedSVD
from torch import nn

from inscape._representations import unwrap
from inscape._typing import FloatArray
from inscape.estimators.exact_modules import Affine
from inscape.estimators.plain_modules import DecoderModule, EncoderModule
from inscape.networks import SharedOutputs
from inscape.networks.linear_path import LinearPath
from inscape.objectives.likelihoods import (
    Bernoulli,
    ContinuousBernoulli,
    Gaussian,
    Laplace,
    Likelihood,
)
from inscape.objectives.posteriors.diagonal_gaussian import DiagonalGaussianModule
from inscape.objectives.posteriors.full_gaussian import FullGaussianModule
from inscape.objectives.posteriors.point_mass import PointMassModule

# Activations without weights, by the word that the page knows them by.
_ACTIVATIONS: Final[dict[type[nn.Module], str]] = {
    nn.ReLU: "relu",
    nn.ELU: "elu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.Softplus: "softplus",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
}

# Posteriors whose mean comes first among what the encoder gives.
_MEAN_FIRST: Final = (DiagonalGaussianModule, FullGaussianModule)

Steps = list[dict[str, Any]]
Blobs = dict[str, np.ndarray]


class _Unknown(Exception):
    """A module that the page has no step for."""


def encoder_steps(representation: Any) -> tuple[Steps, Blobs] | None:
    """Return the steps from rows to codes, and their weights; None where a server must encode.

    Parameters
    ----------
    representation : Representation
        Fitted: one of ours with dense layers, or scikit-learn's PCA or TruncatedSVD.
    """
    blobs = _Named("encoder")
    linear = unwrap(representation, only=True)
    # Not `isinstance`, here and below: what extends one of these may do more.
    if type(linear) in (PCA, TruncatedSVD):
        return _linear_encoder(linear, blobs), blobs
    if not hasattr(representation, "encoder_module"):
        return None
    module = representation.encoder_module()
    if not isinstance(module, EncoderModule) or module.conditions is not None:
        return None
    steps = [_affine("affine_forward", *_measured(units), blobs) for units in module.units]
    try:
        steps += _steps(module.encoder, blobs)
        if type(module.bottleneck) in _MEAN_FIRST:
            steps.append({"type": "take", "n": representation.parts_.n_components})
        elif type(module.bottleneck) is not PointMassModule:
            steps += _steps(module.bottleneck, blobs)
    except _Unknown:
        return None
    return steps, blobs


def decoder_steps(representation: Any) -> tuple[Steps, Blobs] | None:
    """Return the steps from codes to rows, and their weights; None where a server must decode.

    Parameters
    ----------
    representation : Representation
        Fitted: one of ours with dense layers, or scikit-learn's PCA, TruncatedSVD or NMF.
    """
    blobs = _Named("decoder")
    linear = unwrap(representation, only=True)
    if type(linear) in (PCA, TruncatedSVD, NMF):
        return _linear_decoder(linear, blobs), blobs
    if not hasattr(representation, "decoder_module"):
        return None
    module = representation.decoder_module()
    if not isinstance(module, DecoderModule) or module.conditions is not None:
        return None
    try:
        steps = _steps(module.decoder, blobs) + _mean(module.likelihood)
        for units in reversed(module.units):
            steps.append(_affine("affine", *_measured(units), blobs))
    except _Unknown:
        return None
    return steps, blobs


class _Named(dict[str, np.ndarray]):
    """The numbers of one side, each by a name of its own."""

    def __init__(self, side: str) -> None:
        super().__init__()
        self._side = side

    def keep(self, array: Any) -> str:
        name = f"{self._side}_{len(self)}"
        self[name] = np.ascontiguousarray(array)
        return name


def _linear_encoder(linear: Any, blobs: _Named) -> Steps:
    directions = np.asarray(linear.components_)
    if getattr(linear, "whiten", False):
        directions = directions / np.sqrt(linear.explained_variance_)[:, None]
    # In float64, and before the product: rows may lie far from 0.
    mean = getattr(linear, "mean_", None)
    centred = [] if mean is None else [_affine("affine_forward", mean, 1.0, blobs)]
    return [*centred, _product(directions, None, blobs)]


def _linear_decoder(linear: Any, blobs: _Named) -> Steps:
    directions = np.asarray(linear.components_).T
    if getattr(linear, "whiten", False):
        directions = directions * np.sqrt(linear.explained_variance_)
    return [_product(directions, getattr(linear, "mean_", None), blobs)]


def _steps(module: nn.Module, blobs: _Named) -> Steps:
    if isinstance(module, nn.Identity | nn.Dropout):
        return []
    if isinstance(module, nn.Sequential):
        return [step for child in module for step in _steps(child, blobs)]
    if isinstance(module, LinearPath):
        [linear] = _steps(module.linear, blobs)
        beside = None if module.beside is None else _steps(module.beside, blobs)
        path = {"type": "linear_path", "linear": linear, "beside": beside, "limit": module.limit}
        return [path]
    if isinstance(module, SharedOutputs):
        # What it appends is a scale, which no expected row has.
        return _steps(module.decoder, blobs)
    if type(module) is nn.Linear:
        bias = None if module.bias is None else _numbers(module.bias)
        return [_product(_numbers(module.weight), bias, blobs)]
    if type(module) is nn.LeakyReLU:
        return [{"type": "leaky_relu", "slope": module.negative_slope}]
    if type(module) is nn.PReLU and module.weight.numel() == 1:
        return [{"type": "leaky_relu", "slope": module.weight.item()}]
    if type(module) not in _ACTIVATIONS:
        raise _Unknown
    plain = type(module)()
    if repr(plain) != repr(module):
        raise _Unknown
    return [{"type": _ACTIVATIONS[type(module)]}]


def _mean(likelihood: Likelihood) -> Steps:
    """Return the steps from a decoder's outputs to the rows that it expects."""
    if type(likelihood) not in (Bernoulli, ContinuousBernoulli, Gaussian, Laplace):
        raise _Unknown
    if isinstance(likelihood, ContinuousBernoulli):
        return [{"type": "continuous_bernoulli"}]
    linked = isinstance(likelihood, Gaussian) and likelihood.link == "sigmoid"
    return [{"type": "sigmoid"}] if linked or isinstance(likelihood, Bernoulli) else []


def _affine(kind: str, shift: Any, scale: Any, blobs: _Named) -> dict[str, Any]:
    names = {
        name: blobs.keep(np.atleast_1d(np.asarray(value, dtype=np.float64)))
        for name, value in (("shift", shift), ("scale", scale))
    }
    return {"type": kind, **names}


def _product(weight: FloatArray, bias: FloatArray | None, blobs: _Named) -> dict[str, Any]:
    n_out, n_in = weight.shape
    return {
        "type": "linear",
        "n_in": n_in,
        "n_out": n_out,
        # Codes may be as far from 0 as a mean: both keep the digits that they have.
        "weight": blobs.keep(weight),
        "bias": None if bias is None else blobs.keep(np.asarray(bias, dtype=np.float64)),
    }


def _measured(units: Affine) -> tuple[FloatArray, FloatArray]:
    return _numbers(units.shift), _numbers(units.scale)


def _numbers(tensor: Any) -> FloatArray:
    return tensor.detach().cpu().numpy()
