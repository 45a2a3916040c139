"""Encoder and decoder of a fitted estimator as plain modules: rows of the data in, and out."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from inscape._errors import InvalidDataError
from inscape.estimators.conditions import Conditions
from inscape.estimators.exact_modules import Affine
from inscape.estimators.units import Units
from inscape.networks import Dropout, Network, TiedLinear
from inscape.objectives import Likelihood


class _Side(nn.Module):
    """What encoder and decoder have in common: units, what is told, and the width of the input.

    Parameters
    ----------
    units : Units
        The way of rows to the network and back.
    conditions : Conditions or None
        What is told beside the rows.
    n_columns : int
        Width of what comes in.
    """

    _input: str

    def __init__(self, units: Units, conditions: Conditions | None, n_columns: int) -> None:
        super().__init__()
        maps = [] if units.scaler is None else [Affine(units.scaler.shift, units.scaler.scale)]
        maps += [] if units.frame is None else [Affine(units.frame.mean, units.frame.scale)]
        self.units: Any = nn.ModuleList(maps)
        self.conditions = None if conditions is None else conditions.module()
        self.n_columns = n_columns

    def _check(self, values: Tensor, y: Tensor | None) -> None:
        # A single column would else be spread over all without a word.
        if values.ndim != 2 or values.shape[1] != self.n_columns:
            raise InvalidDataError(
                f"The {self._input} must be a tensor of shape (n_samples, {self.n_columns}); got "
                f"{tuple(values.shape)}."
            )
        if self.conditions is None and y is not None:
            raise InvalidDataError(
                "y must be left out where a model is told nothing; got a tensor of shape "
                f"{tuple(y.shape)}: call the module with one argument."
            )
        # `len` would fix the number of rows in a graph that is recorded.
        n = values.shape[0]
        if self.conditions is not None and (y is None or y.ndim == 0 or y.shape[0] != n):
            raise InvalidDataError(
                f"y must hold what each of {n} {self._input} of a conditional model is; "
                f"got {'None' if y is None else f'the shape {tuple(y.shape)}'}: call the module "
                f"with ({self._input}, y)."
            )

    def _told(self, y: Tensor | None) -> tuple[Tensor, ...]:
        return () if self.conditions is None else (self.conditions(y),)

    def _for_network(self, values: Tensor) -> Tensor:
        """Return values in the type that the network computes in."""
        return values.to(next((p.dtype for p in self.parameters()), torch.float32))


class EncoderModule(_Side):
    """From rows in the units of the data to codes, as `transform` does.

    Rows come to the network in their own type: where it is float64 an offset costs nothing, even
    before a network in float32. Codes have the type of the rows. Gradients go through. What a
    conditional model is told is a second tensor: numbers, or labels; texts by their place in
    `classes_`.

    Parameters
    ----------
    network : Network
        A copy, which the module keeps.
    units : Units
        The way of rows to the network.
    conditions : Conditions or None
        What is told beside the rows.
    n_features : int
        Columns of the rows.
    """

    _input = "rows"

    def __init__(
        self, network: Network, units: Units, conditions: Conditions | None, n_features: int
    ) -> None:
        super().__init__(units, conditions, n_features)
        self.encoder, self.bottleneck = network.encoder, network.bottleneck

    def forward(self, rows: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the codes (n, n_components) of rows (n, n_features)."""
        self._check(rows, y)
        values = _exact(rows)
        for step in self.units:
            values = step(values)
        codes = self.bottleneck(self.encoder(self._for_network(values), *self._told(y)))
        return codes.to(_type_of(rows))


class DecoderModule(_Side):
    """From codes to expected rows in the units of the data, as `inverse_transform` does.

    Rows have the type of the codes, and in it they go back to the units of the data.

    Parameters
    ----------
    network : Network
        A copy, which the module keeps.
    units : Units
        The way of rows back from the network; its likelihood reads the outputs.
    conditions : Conditions or None
        What is told beside the codes.
    n_components : int
        Width of the code.
    """

    _input = "codes"

    def __init__(
        self, network: Network, units: Units, conditions: Conditions | None, n_components: int
    ) -> None:
        super().__init__(units, conditions, n_components)
        self.decoder: Any = network.decoder
        self.likelihood: Likelihood = units.likelihood

    def forward(self, codes: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the rows (n, n_features) of codes (n, n_components)."""
        self._check(codes, y)
        return self.decode(codes, *self._told(y))

    def decode(self, codes: Tensor, *told: Tensor) -> Tensor:
        """Return the rows of codes, what is told being as the network reads it."""
        outputs = self.decoder(self._for_network(codes), *told)
        # A mean such as e to the output has its digits from here on.
        kind = _exact(codes).dtype
        rows = self.likelihood.mean(outputs.to(torch.promote_types(outputs.dtype, kind))).to(kind)
        for step in reversed(self.units):
            rows = step.undo(rows)
        return rows.to(_type_of(codes))


def copy_plain(network: Network) -> Network:
    """Return a copy for a training of anybody's, which gives no layer a generator or a partner.

    Dropout draws as PyTorch's own does, and tied layers get weights to themselves.
    """
    copied = copy.deepcopy(network).eval()
    for module in [*copied.modules()]:
        # Not `named_children`, which passes over a layer that is there a second time.
        for name, child in [*module._modules.items()]:
            if isinstance(child, Dropout):
                setattr(module, name, nn.Dropout(child.probability).eval())
            elif isinstance(child, TiedLinear):
                setattr(module, name, child.untied())
    return copied


def _exact(values: Tensor) -> Tensor:
    """Return values in float64, if they are neither that nor float32: as `transform` takes them."""
    return values if values.dtype in (torch.float32, torch.float64) else values.double()


def _type_of(values: Tensor) -> torch.dtype:
    return values.dtype if values.is_floating_point() else torch.float64
