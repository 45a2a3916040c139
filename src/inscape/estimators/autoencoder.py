"""The autoencoder as a scikit-learn transformer: network + objective + loop."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from inscape._typing import FloatArray
from inscape._words import tell_words
from inscape.estimators.base import NetworkEstimator
from inscape.estimators.building import build_network
from inscape.estimators.layers import train_layers
from inscape.estimators.linear_start import Principal, start_at_principal
from inscape.estimators.options import AutoencoderParts, Options, resolve_autoencoder
from inscape.estimators.units import Units
from inscape.measures import dead_units
from inscape.networks import Activation, Examples, LargestCodes, LinearStart, Network, Quantizer
from inscape.objectives import Codebook, Euclidean, Reconstruction, Space, Sphere
from inscape.training import Muon, Plan

# Dead units that are named one by one.
_MOST_NAMED = 10


class DeadUnitWarning(UserWarning):
    """A bottleneck unit gives the same code for every training row."""


@tell_words
class Autoencoder(NetworkEstimator):
    r"""Learn a code of each row from which the row can be told again.

    An encoder :math:`f` and a decoder :math:`g` minimise
    :math:`-\log p(x \mid g(f(\tilde x)))`, in nats per sample, and what penalties add to it;
    :math:`\tilde x` is the row itself, or what a corruption made of it.

    There is no ``partial_fit`` and no ``warm_start``: `fit` begins anew each time, and `fine_tune`
    returns a copy that goes on from these weights and optimisers, on other rows or another task.

    Parameters
    ----------
    n_components : int
        Width of the code; of each of its places, where the network makes it a map.
    hidden : tuple of int
        Widths of the encoder's hidden layers, outermost first, mirrored by the decoder; ``()`` is
        the shallow autoencoder.
    activation : str
        After each hidden layer: "[[activation]]".
    bottleneck : str or Bottleneck
        Activation of the code by its word, or "[[bottleneck]]";
        or a part such as ``TopK(k=16)``. The default, "identity", cannot die as "relu" can.
    network : str, Architecture, pair of modules, or None
        "[[network]]", or a part, in place of `hidden` and `activation`;
        a pair of modules is (encoder, decoder).
    likelihood : str or Likelihood
        "[[likelihood]]",
        or a part such as ``Gaussian(link="sigmoid")``. A Gaussian is squared error, of any real
        data; a Bernoulli is cross-entropy, of data in [0, 1].
    corruption : str, Corruption or None
        What is done to the rows before they are encoded, while training; what has to come out
        stays clean:
        "[[corruption]]",
        or a part such as ``ZeroMasking(0.3, fixed=True)``.
    penalty : str, Penalty, sequence of them, or None
        "[[penalty]]",
        or parts such as ``Contractive(weight=0.5)``.
    scaler : {None, "minmax", "standard"}
        Fitted on the training rows, applied before encoding, inverted after decoding.
    epochs : float or None
        Passes over the data; None is 600 steps, in at least 5 and at most 100 passes.
    batch_size : int or None
        Rows in a step; None is 256, or down to 32 where the rows are few.
    optimizer : str or Optimizer
        "[[optimizer]]", or a part such as ``Adam(beta2=0.99)``,
        which also holds the schedule.
    learning_rate : float or None
        None is the optimiser's own default.
    layerwise_epochs : float or None
        Passes with which each layer is first trained by itself, outermost first, to give back what
        it reads (stacked autoencoders); the training of the whole comes after.
    precision : {"float32", "float64", "bfloat16"}
        Of the training; "bfloat16" is that of products alone, and fast where the processor has it.
    validation_fraction : float or "auto"
        Share of the rows, in [0, 1), held out to measure the loss after each epoch. With "auto"
        a training that starts at PCA cannot fall behind it: where the network has more weights
        than the table has cells, a fifth of the rows is held out to find how long to train, the
        start among the candidates, and all rows are then trained on so long; with more rows
        nothing is held out, and the start is kept where the training rows gain nothing.
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
        One entry before the first step, then one an epoch: loss in nats per sample and per
        feature, squared error, seconds.
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
        validation_fraction: float | str = "auto",
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

    _alone = True
    draws_codes = False

    def _resolve(self, options: Options, *, n_features: int) -> AutoencoderParts:
        return resolve_autoencoder(options, n_features=n_features)

    def _n_code(self, parts: AutoencoderParts) -> int:
        return parts.n_components

    def _build_network(
        self,
        parts: AutoencoderParts,
        *,
        units: Units,
        n_conditions: int,
        generator: torch.Generator,
        examples: Examples | None = None,
        linear: LinearStart | None = None,
    ) -> Network:
        return build_network(
            parts,
            n_code=parts.n_components,
            n_conditions=n_conditions,
            bottleneck=parts.bottleneck.build(parts.n_components, generator=generator),
            generator=generator,
            examples=examples,
            likelihood=units.likelihood,
            linear=linear,
        )

    def _can_start_linear(self, parts: AutoencoderParts, options: Options) -> bool:
        identity = parts.bottleneck == Activation("identity")
        return identity and parts.network.has_linear_path and options["layerwise_epochs"] is None

    def _linear_start(self, parts: AutoencoderParts, units: Units, found: Principal) -> LinearStart:
        return start_at_principal(found)

    def _gains_alone(self, parts: AutoencoderParts) -> bool:
        return parts.corruption is None and not parts.penalty

    def _objective(
        self, parts: AutoencoderParts, units: Units, *, n_samples: float, n_steps: int | None = None
    ) -> Reconstruction:
        return Reconstruction(
            units.likelihood,
            parts.penalty,
            n_samples,
            factor=units.framed.factor,
            constant=units.constant(parts.n_features),
            unit=units.unit,
            n_steps=n_steps,
        )

    def _pretrain(
        self,
        network: Network,
        parts: AutoencoderParts,
        units: Units,
        plan: Plan,
        X: Tensor,
        generator: torch.Generator,
    ) -> None:
        if self.layerwise_epochs is not None:
            objective = self._objective(parts, units, n_samples=len(X))
            train_layers(
                network, parts, units, objective, plan, X, self.layerwise_epochs, generator
            )

    def _conclude(self, X: FloatArray, examples: Examples) -> None:
        """Where the watched rows raised a suspicion, look at all rows, and say what to do."""
        if self.dead_units_:
            self.dead_units_ = dead_units(self._encode(X, None))
        if len(self.dead_units_) < self.n_components_ and isinstance(self.code_space_, Codebook):
            # A corner that is the same in all pictures has one symbol; a codebook dies as a whole.
            self.dead_units_ = ()
        if self.dead_units_:
            warnings.warn(self._tell_dead_units(), DeadUnitWarning, stacklevel=4)

    @property
    def code_space_(self) -> Space:
        """Where the codes live: flat space, the sphere, or the entries of a codebook."""
        check_is_fitted(self)
        kind = self.parts_.bottleneck.space
        if kind == Codebook.kind:
            modules = self.network_.bottleneck.modules()
            return Codebook(next(m for m in modules if isinstance(m, Quantizer)))
        return Sphere() if kind == Sphere.kind else Euclidean()

    def _own_faults(self) -> list[str]:
        return [self._tell_dead_units()] if self.dead_units_ else []

    def _tell_dead_units(self) -> str:
        """Return which units are dead, and the remedies."""
        n_dead, several = len(self.dead_units_), len(self.dead_units_) > 1
        are, of = "are" if several else "is", self.parts_.n_components
        # Counted from 1, as the figures name them.
        names = ", ".join(str(unit + 1) for unit in self.dead_units_[:_MOST_NAMED])
        names += ", ..." if n_dead > _MOST_NAMED else ""
        told = (
            f"{n_dead} of {of} bottleneck units {are} dead "
            f"(component{'s' * several} {names}): the code is the same for every training row, so "
            "it tells nothing"
        )
        if any(isinstance(m, LargestCodes) for m in self.network_.bottleneck.modules()):
            return (
                f"{told}. Remedies: a longer training, a smaller dead_after, a larger revival, or "
                "a larger k of the bottleneck."
            )
        lower = isinstance(self.parts_.optimizer, Muon)
        last = "a lower learning_rate" if lower else "another optimizer (muon)"
        return (
            f"{told} and cannot recover. Remedies: another initialization of the encoder "
            f"(kaiming_normal), another bottleneck activation (identity or prelu), or {last}."
        )
