"""The autoencoder as a scikit-learn transformer: network + objective + loop."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from inscape._checks import resolve_part
from inscape._typing import FloatArray
from inscape.estimators.base import NetworkEstimator
from inscape.estimators.building import build_network
from inscape.estimators.layers import train_layers
from inscape.estimators.options import Parts, resolve_autoencoder
from inscape.measures import dead_units
from inscape.networks import Network, build_bottleneck
from inscape.objectives import Reconstruction
from inscape.training import OPTIMIZERS, Muon, Plan

# Dead units that are named one by one.
_MOST_NAMED = 10


class DeadUnitWarning(UserWarning):
    """A bottleneck unit gives the same code for every training row."""


class Autoencoder(NetworkEstimator):
    r"""Learn a code of each row from which the row can be told again.

    An encoder :math:`f` and a decoder :math:`g` minimise
    :math:`-\log p(x \mid g(f(\tilde x)))`, in nats per sample, and what penalties add to it;
    :math:`\tilde x` is the row itself, or what a corruption made of it.

    Parameters
    ----------
    n_components : int
        Width of the code.
    hidden : tuple of int
        Widths of the encoder's hidden layers, outermost first, mirrored by the decoder; ``()`` is
        the shallow autoencoder.
    activation : str
        After each hidden layer: "relu", "prelu", "leaky_relu", "elu", "gelu", "silu", "softplus",
        "sigmoid", "tanh" or "identity".
    bottleneck : str or part
        Activation of the code, or "top_k", "batch_top_k", "spherical", "vector_quantized", or a
        part such as ``TopK(k=16)``. The default, "identity", cannot die as "relu" can.
    network : str, Dense, Convolutional, pair of modules, or None
        A network part in place of `hidden` and `activation`; a pair is (encoder, decoder).
    likelihood : str or Likelihood
        "gaussian" (squared error; any real data), "bernoulli" (cross-entropy; data in [0, 1]) or
        "continuous_bernoulli", or a part such as ``Gaussian(link="sigmoid")``.
    corruption : str, Corruption or None
        What is done to the rows before they are encoded, while training; what has to come out
        stays clean: "zero_masking", "salt_and_pepper", "gaussian_noise", "occluding_rectangle",
        "rotation", "pixel_shuffle", or a part such as ``ZeroMasking(0.3, fixed=True)``.
    penalty : str, Penalty, sequence of them, or None
        "l1_activity", "kullback_leibler_sparsity", "contractive", "weight_decay", or parts such as
        ``Contractive(weight=0.5)``.
    scaler : {None, "minmax", "standard"}
        Fitted on the training rows, applied before encoding, inverted after decoding.
    epochs : float or None
        Passes over the data; None is 600 steps, in at least 5 and at most 100 passes.
    batch_size : int or None
        Rows in a step; None is 256, or down to 32 where the rows are few.
    optimizer : str or part
        "muon", "adam", "sgd" or "adadelta", or a part such as ``Adam(beta2=0.99)``, which also
        holds the schedule.
    learning_rate : float or None
        None is the optimiser's own default.
    layerwise_epochs : float or None
        Passes with which each layer is first trained by itself, outermost first, to give back what
        it reads (stacked autoencoders); the training of the whole comes after.
    precision : {"float32", "float64", "bfloat16"}
        Of the training; "bfloat16" is that of products alone, and fast where the processor has it.
    validation_fraction : float
        Share of the rows, in [0, 1), held out to measure the loss after each epoch.
    patience : int or None
        Epochs without a lower validation loss after which training stops and takes back the best
        weights.
    random_state : int, RandomState or None
        Where every draw comes from; an integer makes two fits equal bit by bit.
    device : str
        "auto" takes a GPU where there is one; or "cpu", "cuda", "cuda:1", ...
    verbose : int
        1 draws a progress bar on a terminal.

    Attributes
    ----------
    network_ : Network
        The trained encoder and decoder.
    scaler_ : Scaler or None
        The fitted scaler.
    optimizers_ : list of torch.optim.Optimizer or None
        As training left them, from where `fine_tune` goes on.
    history_ : list of dict
        One entry an epoch: loss in nats per sample and per feature, squared error, seconds.
    dead_units_ : tuple of int
        Code units that are constant over all training rows.
    n_features_in_ : int
        Columns seen in training.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold; before any training starts.
    InvalidDataError
        If the rows cannot be learned from.
    TrainingDivergedError
        If the loss does not stay finite.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data / 16
    >>> model = Autoencoder(2, hidden=(32,), epochs=20, random_state=0).fit(X)
    >>> model.transform(X).shape, model.reconstruct(X).shape
    ((1797, 2), (1797, 64))
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        hidden: tuple[int, ...] = (256, 64),
        activation: str = "relu",
        bottleneck: str = "identity",
        network: Any = None,
        likelihood: Any = "gaussian",
        corruption: Any = None,
        penalty: Any = None,
        scaler: str | None = None,
        epochs: float | None = None,
        batch_size: int | None = None,
        optimizer: Any = "muon",
        learning_rate: float | None = None,
        layerwise_epochs: float | None = None,
        precision: str = "float32",
        validation_fraction: float = 0.0,
        patience: int | None = None,
        random_state: Any = None,
        device: str = "auto",
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.hidden = hidden
        self.activation = activation
        self.bottleneck = bottleneck
        self.network = network
        self.likelihood = likelihood
        self.corruption = corruption
        self.penalty = penalty
        self.scaler = scaler
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.layerwise_epochs = layerwise_epochs
        self.precision = precision
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.verbose = verbose

    def _resolve(self, n_features: int) -> Parts:
        return resolve_autoencoder(self, n_features=n_features)

    def _build_network(
        self, parts: Any, generator: torch.Generator, *, rows: Tensor | None = None
    ) -> Network:
        return build_network(
            parts,
            n_features=self.n_features_in_,
            n_code=self.n_components,
            n_components=self.n_components,
            bottleneck=build_bottleneck(self.bottleneck, self.n_components, generator=generator),
            generator=generator,
            rows=rows,
        )

    def _objective(self, parts: Any, *, n_samples: int) -> Reconstruction:
        return Reconstruction(parts.likelihood, parts.penalties, n_samples)

    def _pretrain(
        self, network: Network, parts: Any, plan: Plan, X: Tensor, generator: torch.Generator
    ) -> None:
        if self.layerwise_epochs is not None:
            train_layers(network, parts, plan, X, self.layerwise_epochs, generator)

    def _conclude(self, X: FloatArray, rows: Tensor) -> None:
        """Where the watched rows raised a suspicion, look at all rows, and say what to do."""
        if self.dead_units_:
            self.dead_units_ = dead_units(self.transform(X))
        if self.dead_units_:
            warnings.warn(self.diagnosis(), DeadUnitWarning, stacklevel=3)

    def diagnosis(self) -> str:
        """Return in words what is wrong with the fitted code, or an empty text.

        Returns
        -------
        str
            Which units are dead, and the remedies.
        """
        check_is_fitted(self)
        if not self.dead_units_:
            return ""
        n_dead, several = len(self.dead_units_), len(self.dead_units_) > 1
        # Counted from 1, as the figures name them.
        names = ", ".join(str(unit + 1) for unit in self.dead_units_[:_MOST_NAMED])
        names += ", ..." if n_dead > _MOST_NAMED else ""
        told = (
            f"{n_dead} of {self.n_components} bottleneck units {'are' if several else 'is'} dead "
            f"(component{'s' * several} {names}): the code is the same for every training row, so "
            "it tells nothing"
        )
        if hasattr(self.network_.bottleneck, "dead"):
            return (
                f"{told}. Remedies: a longer training, a smaller dead_after, a larger revival, or "
                "a larger k of the bottleneck."
            )
        used = type(resolve_part("optimizer", self.optimizer, OPTIMIZERS))
        last = "a lower learning_rate" if used is Muon else "another optimizer (muon)"
        return (
            f"{told} and cannot recover. Remedies: another initialization of the encoder "
            f"(kaiming_normal), another bottleneck activation (identity or prelu), or {last}."
        )
