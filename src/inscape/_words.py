"""The words of each family of parts, for whoever must not load torch to tell them.

The tables themselves stand beside the classes; a test asserts that they have exactly these words.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any, Final, TypeVar

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "activation": (
        "relu",
        "prelu",
        "leaky_relu",
        "elu",
        "gelu",
        "silu",
        "softplus",
        "sigmoid",
        "tanh",
        "identity",
    ),
    "network": ("dense", "convolutional"),
    "bottleneck": ("activation", "top_k", "batch_top_k", "spherical", "vector_quantized"),
    "initialization": (
        "torch_default",
        "kaiming_uniform",
        "kaiming_normal",
        "orthogonal",
        "scaled_normal",
    ),
    "likelihood": (
        "gaussian",
        "bernoulli",
        "continuous_bernoulli",
        "laplace",
        "categorical",
        "poisson",
        "negative_binomial",
    ),
    "posterior": (
        "diagonal_gaussian",
        "full_gaussian",
        "von_mises_fisher",
        "wrapped_normal",
        "inverse_autoregressive_flow",
        "planar_flow",
        "point_mass",
    ),
    "prior": (
        "standard_normal",
        "mixture_of_gaussians",
        "vamp_prior",
        "normalizing_flow",
        "uniform_on_sphere",
        "wrapped_standard_normal",
    ),
    "divergence": (
        "kullback_leibler",
        "capacity_controlled",
        "total_correlation",
        "factor_discriminator",
        "disentangled_inferred_prior",
        "maximum_mean_discrepancy",
        "adversarial",
    ),
    "bound": (
        "evidence_lower_bound",
        "importance_weighted",
        "multiply_importance_weighted",
        "combination_importance_weighted",
        "partially_importance_weighted",
    ),
    "corruption": (
        "zero_masking",
        "salt_and_pepper",
        "gaussian_noise",
        "occluding_rectangle",
        "rotation",
        "pixel_shuffle",
    ),
    "penalty": (
        "l1_activity",
        "l2_activity",
        "kullback_leibler_sparsity",
        "contractive",
        "decoder_gradient",
        "weight_decay",
    ),
    "optimizer": ("muon", "adam", "sgd", "adadelta"),
    "method": (
        "denoising",
        "reconstruction",
        "likelihood",
        "mahalanobis",
        "neighbors",
        "local",
        "deep_svdd",
    ),
    "clustering": (
        "spectral",
        "kmeans",
        "gaussian_mixture",
        "hdbscan",
        "umap",
        "dec",
        "idec",
        "vade",
    ),
    "classification": ("graph", "probe", "fine_tune"),
    "imputation": ("auto", "gaussian", "mixture", "kernel", "reconstruction"),
}
_WIDTH = 100
_PLACE = re.compile(r"\[\[(\w+)\]\]")

Told = TypeVar("Told", bound=type[Any])


def tell_words(told: Told) -> Told:
    """Put the words of a family in the place of its name in a class's docstring: [[likelihood]].

    Between quotes, "[[likelihood]]", each word has quotes of its own.
    """
    lines = (told.__doc__ or "").split("\n")
    told.__doc__ = "\n".join(_fill_in(line) for line in lines)
    return told


def _fill_in(line: str) -> str:
    if not _PLACE.search(line):
        return line
    indent = line[: len(line) - len(line.lstrip())]
    quoted = re.sub(r'"\[\[(\w+)\]\]"', lambda m: _listed(m[1], '"{}"'), line)
    text = _PLACE.sub(lambda m: _listed(m[1], "{}"), quoted).strip()
    return textwrap.fill(text, _WIDTH, initial_indent=indent, subsequent_indent=indent)


def _listed(family: str, form: str) -> str:
    *words, last = map(form.format, WORDS[family])
    return f"{', '.join(words)} or {last}"
