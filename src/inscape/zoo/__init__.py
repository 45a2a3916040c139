"""The zoo: published models by name, each a line of parts with its paper.

A line says what differs from the plain variational autoencoder (diagonal Gaussian posterior,
standard normal prior, Kullback-Leibler divergence, evidence lower bound), or from the plain
autoencoder, and what it leaves out of its paper. Nothing here has code of its own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inscape._checks import check_choice

_GREEK = {"α": "alpha", "β": "beta", "σ": "sigma", "ς": "sigma"}


@dataclass(frozen=True)
class PublishedModel:
    """A published model as a line of parts.

    Parameters
    ----------
    paper : str
        Where it was published.
    parts : mapping of str to Any
        What it asks of the estimator.
    leaves_out : str
        What of the paper's method is not in it, as a sentence; "Nothing." where all of it is.
        Widths, layers, likelihood, optimiser and length of the training are the estimator's own in
        every line, and no part of this.
    variational : bool
        Whether that is `VariationalAutoencoder`, or `Autoencoder`.
    """

    paper: str
    parts: Mapping[str, Any]
    leaves_out: str
    variational: bool = True

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.parts.items()) or "the defaults"


# Told of a line that leaves nothing out.
NOTHING = "Nothing."


def _variational(paper: str, leaves_out: str = NOTHING, **parts: Any) -> PublishedModel:
    return PublishedModel(paper, parts, leaves_out)


def _deterministic(paper: str, leaves_out: str = NOTHING, **parts: Any) -> PublishedModel:
    return PublishedModel(paper, parts, leaves_out, variational=False)


MODELS: Mapping[str, PublishedModel] = {
    # ------------------------------------------------------------------- other divergences
    "VAE": _variational(
        "Kingma and Welling 2014, arXiv 1312.6114",
        "Posteriors over the weights too (its appendix F).",
    ),
    "beta-VAE": _variational(
        "Higgins et al. 2017, ICLR", divergence="kullback_leibler(weight=4.0)"
    ),
    "beta-VAE-capacity": _variational(
        "Burgess et al. 2018, arXiv 1804.03599",
        "Its time and its price: the capacity grows for 600 steps, not 100,000, at a weight of "
        "100, not 1000.",
        divergence="capacity_controlled",
    ),
    "warm-up-VAE": _variational(
        "Bowman et al. 2016, arXiv 1511.06349",
        "Its sentences with recurrent networks, and word dropout; the weight grows in a line, not "
        "by a sigmoid.",
        divergence='kullback_leibler(schedule="linear_warm_up")',
    ),
    "cyclical-VAE": _variational(
        "Fu et al. 2019, arXiv 1903.10145",
        "Its sentences with recurrent networks.",
        divergence='kullback_leibler(schedule="cyclical_annealing")',
    ),
    "free-bits-VAE": _variational(
        "Kingma et al. 2016, arXiv 1606.04934",
        "Its flow (see VAE-IAF) and its ladder of residual layers; each component is a group of "
        "its own.",
        divergence="kullback_leibler(free_bits=0.25)",
    ),
    "beta-TCVAE": _variational(
        "Chen et al. 2018, arXiv 1802.04942",
        "Weights of its other two terms, which are 1 in its experiments too; the batch stands for "
        "all rows by strata (its appendix C.2), and by weights only where that is asked for.",
        divergence="total_correlation(weight=6.0)",
    ),
    "FactorVAE": _variational(
        "Kim and Mnih 2018, arXiv 1802.05983",
        "A second batch for the permuted codes, which are the batch's own, and the size of its "
        "critic: two layers of 256 for five of 1000.",
        divergence="factor_discriminator",
    ),
    "DIP-VAE-I": _variational(
        "Kumar et al. 2018, arXiv 1711.00848",
        divergence='disentangled_inferred_prior(of="means")',
    ),
    "DIP-VAE-II": _variational(
        "Kumar et al. 2018, arXiv 1711.00848",
        divergence='disentangled_inferred_prior(of="codes", diagonal=10.0)',
    ),
    "InfoVAE": _variational(
        "Zhao et al. 2019, arXiv 1706.02262",
        "Its Gaussian kernel, for which there is the WAE's here, and its other divergences "
        "(adversarial, Stein).",
        divergence="maximum_mean_discrepancy(information=0.5, weight=10.0)",
    ),
    "WAE-MMD": _variational(
        "Tolstikhin et al. 2018, arXiv 1711.01558",
        "Its cost of fixed scale: the likelihood's scale is learned, and weighs against the "
        "discrepancy; likelihood='gaussian(scale=1)' has it.",
        posterior="point_mass",
        divergence="maximum_mean_discrepancy(weight=10.0)",
    ),
    "AAE": _variational(
        "Makhzani et al. 2016, arXiv 1511.05644",
        "Its phases: critic and autoencoder learn in one step; and its uses of labels (semi-"
        "supervised, clusters, style).",
        posterior="point_mass",
        divergence="adversarial",
    ),
    # ------------------------------------------------------------------- other bounds
    "IWAE": _variational(
        "Burda et al. 2016, arXiv 1509.00519",
        "Its model of two stochastic layers.",
        bound="importance_weighted(n_draws=5)",
    ),
    "DReG-IWAE": _variational(
        "Tucker et al. 2019, arXiv 1810.04152",
        "Its estimators for reweighted wake-sleep and for the jackknife.",
        bound='importance_weighted(n_draws=5, gradient="doubly_reparameterized")',
    ),
    "MIWAE": _variational(
        "Rainforth et al. 2018, arXiv 1802.04537",
        bound="multiply_importance_weighted(n_groups=4, n_draws=4)",
    ),
    "CIWAE": _variational(
        "Rainforth et al. 2018, arXiv 1802.04537",
        bound="combination_importance_weighted(n_draws=16, weight=0.05)",
    ),
    "PIWAE": _variational(
        "Rainforth et al. 2018, arXiv 1802.04537",
        bound="partially_importance_weighted(n_groups=4, n_draws=4)",
    ),
    # ------------------------------------------------------------------- other priors
    "VampVAE": _variational(
        "Tomczak and Welling 2018, arXiv 1705.07120",
        "Its hierarchy of two layers of codes, and its gated layers.",
        prior="vamp_prior",
    ),
    "MoG-VAE": _variational(
        "Jiang et al. 2017, arXiv 1611.05148",
        "VaDE's start (stacked pretraining, then a mixture fitted to its codes) and its clusters: "
        "this is the prior alone; Clusterer(method='vade') has both.",
        prior="mixture_of_gaussians",
    ),
    "flow-prior-VAE": _variational(
        "Chen et al. 2017, arXiv 1611.02731",
        "Its autoregressive flow, for which there is RealNVP (Dinh et al. 2017), and its decoder, "
        "which is autoregressive and leaves out what is local.",
        prior="normalizing_flow",
    ),
    # ------------------------------------------------------------------- other posteriors
    "full-covariance-VAE": _variational(
        "Kingma and Welling 2019, arXiv 1906.02691", posterior="full_gaussian"
    ),
    "SVAE": _variational(
        "Davidson et al. 2018, arXiv 1804.00891",
        "Its graphs and its use of labels.",
        posterior="von_mises_fisher",
        prior="uniform_on_sphere",
    ),
    "Poincaré VAE": _variational(
        "Mathieu et al. 2019, arXiv 1901.06033",
        "The gyroplane layer of its decoder, which reads codes as any vectors here, and its "
        "Riemannian normal.",
        posterior="wrapped_normal",
        prior="wrapped_standard_normal",
    ),
    "VAE-IAF": _variational(
        "Kingma et al. 2016, arXiv 1606.04934",
        "Its ladder of residual layers, and its free bits (see free-bits-VAE).",
        posterior="inverse_autoregressive_flow",
    ),
    "planar-flow-VAE": _variational(
        "Rezende and Mohamed 2015, arXiv 1505.05770",
        "Its radial steps, and its warm-up of the bound (see warm-up-VAE).",
        posterior="planar_flow",
    ),
    # ------------------------------------------------------------------- other likelihoods
    "σ-VAE": _variational(
        "Rybkin et al. 2021, arXiv 2006.13202", likelihood='gaussian(scale="optimal")'
    ),
    "CVAE": _variational(
        "Sohn et al. 2015, NIPS",
        "Its prior, which hangs on what is told: it is the same for all here; and its hybrid with "
        "a network that draws nothing.",
        conditional=True,
    ),
    # ------------------------------------------------------------------- without a density
    "VQ-VAE": _deterministic(
        "van den Oord et al. 2017, arXiv 1711.00937",
        "Its PixelCNN, for which there is fit_sampler(X, kind='symbols'), with one hidden layer a "
        "place; its residual blocks, and its sound and film.",
        network="convolutional(map_code=true)",
        bottleneck="vector_quantized",
    ),
    "RAE-L2": _deterministic(
        "Ghosh et al. 2020, arXiv 1903.12436",
        penalty=("l2_activity", 'weight_decay(weight=10.0, part="decoder")'),
    ),
    "RAE-GP": _deterministic(
        "Ghosh et al. 2020, arXiv 1903.12436", penalty=("l2_activity", "decoder_gradient")
    ),
    # ------------------------------------------------------------------- noise and prices
    "denoising-AE": _deterministic(
        "Vincent et al. 2008, ICML",
        "Its stack, trained layer by layer (layerwise_epochs has it), for a classifier.",
        corruption="zero_masking",
    ),
    "contractive-AE": _deterministic(
        "Rifai et al. 2011, ICML",
        "Its tied weights (network='dense(tied=true)'), and its stack of layers for a classifier.",
        bottleneck="sigmoid",
        penalty="contractive",
    ),
    "sparse-AE-L1": _deterministic(
        "Cunningham et al. 2023, arXiv 2309.08600",
        "Its one tied matrix with rows of length 1: with free ones smaller codes dodge the price; "
        "and its language models.",
        bottleneck="relu",
        penalty="l1_activity",
    ),
    "sparse-AE-KL": _deterministic(
        "Ng 2011, CS294A lecture notes",
        "Its weight decay, whose price hangs on the number of rows here (penalty='weight_decay' "
        "beside the other).",
        bottleneck="sigmoid",
        penalty="kullback_leibler_sparsity(weight=3.0)",
    ),
    "top-k-AE": _deterministic(
        "Gao et al. 2024, arXiv 2406.04093",
        "Columns of the decoder that are held at length 1, and its language models.",
        bottleneck="top_k(k=2)",
    ),
    "batch-top-k-AE": _deterministic(
        "Bussmann et al. 2024, arXiv 2412.06410",
        "Columns of the decoder that are held at length 1, and its language models.",
        bottleneck="batch_top_k(k=2)",
    ),
}


def find(name: Any) -> str:
    """Return the name in `MODELS` that somebody means: in any case, with blanks, or as it is said.

    Parameters
    ----------
    name : str
        Such as ``beta vae``, ``Sigma-VAE`` or ``poincare_vae``.

    Raises
    ------
    InvalidParameterError
        If there is no such model; the message names the nearest one.

    Examples
    --------
    >>> find("beta vae"), find("sigma-vae")
    ('beta-VAE', 'σ-VAE')
    """
    spoken = {_letters(known): known for known in MODELS}
    return spoken.get(_letters(str(name))) or check_choice("model", name, MODELS)


def _letters(name: str) -> str:
    """Return a name's letters and digits alone, without accents, Greek ones spelled."""
    spelled = name.casefold()
    for letter, word in _GREEK.items():
        spelled = spelled.replace(letter, word)
    plain = unicodedata.normalize("NFKD", spelled)
    return "".join(letter for letter in plain if letter.isalnum())


def build(name: str, n_components: int = 2, **options: Any) -> Any:
    """Return the estimator of a published model, not yet fitted.

    Parameters
    ----------
    name : str
        A name in `MODELS`, in any spelling that `find` knows.
    n_components : int
        Width of the code; of each of its places, where it is a map (VQ-VAE).
    **options
        Of the estimator, such as ``hidden``, ``likelihood`` or ``epochs``; they come before the
        model's own. `hidden` and `activation` are a dense network, in place of the model's.

    Returns
    -------
    VariationalAutoencoder or Autoencoder

    Raises
    ------
    InvalidParameterError
        If there is no model of that name.

    Examples
    --------
    >>> build("beta-VAE", 10, likelihood="bernoulli").divergence
    'kullback_leibler(weight=4.0)'
    """
    from inscape.estimators import Autoencoder, VariationalAutoencoder

    model = MODELS[find(name)]
    kind = VariationalAutoencoder if model.variational else Autoencoder
    dense = {"hidden", "activation"} & set(options)
    own = {name: part for name, part in model.parts.items() if name != "network" or not dense}
    return kind(n_components, **{**own, **options})


__all__ = ["MODELS", "NOTHING", "PublishedModel", "build", "find"]
