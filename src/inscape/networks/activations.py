"""Activation functions by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import nn

from inscape._checks import look_up

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "prelu": nn.PReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "identity": nn.Identity,
}


def activation(word: str, *, name: str = "activation") -> nn.Module:
    """Return a new activation module.

    Parameters
    ----------
    word : str
        One of the names in `ACTIVATIONS`.
    name : str
        The option that is named in an error.

    Raises
    ------
    InvalidParameterError
        If the word is not known.

    Examples
    --------
    >>> activation("relu")
    ReLU()
    """
    return look_up(name, word, ACTIVATIONS)()
