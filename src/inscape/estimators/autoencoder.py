"""The autoencoder as a scikit-learn transformer: network + objective + loop."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from inscape._checks import (
    check_enough_samples,
    check_unit_interval,
    check_varies,
    resolve_part,
)
from inscape._typing import FloatArray
from inscape.data.scaling import fit_scaler
from inscape.estimators.inputs import (
    as_tensor,
    check_codes,
    check_rows,
    choose_device,
    make_generator,
)
from inscape.estimators.layers import train_layers
from inscape.estimators.options import Parts, plan_training, resolve_options
from inscape.measures import dead_units
from inscape.networks import Network, build_bottleneck
from inscape.objectives import LIKELIHOODS, Likelihood, Reconstruction
from inscape.training import OPTIMIZERS, Muon, Plan, Report, Snapshot, TrainingState, train
from inscape.training.progress import with_progress

Checkpoint: TypeAlias = tuple[dict[str, np.ndarray], dict[str, str]]

# Rows that are encoded or decoded at a time, so that hidden layers stay small in memory.
_BLOCK = 1024
# Dead units that are named one by one.
_MOST_NAMED = 10
# Rows from which the mean is taken that biases start from.
_MEAN_ROWS = 2048


class DeadUnitWarning(UserWarning):
    """A bottleneck unit gives the same code for every training row."""


class Autoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
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

    # ----------------------------------------------------------------------- learning

    def fit(self, X: Any, y: Any = None) -> Autoencoder:
        """Learn the representation of the rows.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Training rows.
        y : ignored
            For scikit-learn's pipelines.

        Returns
        -------
        Autoencoder
            Itself.
        """
        pairs = self.iter_fit(X)
        for _ in with_progress(pairs, label="Autoencoder") if self.verbose else pairs:
            pass
        return self

    def iter_fit(
        self, X: Any, *, checkpoint: Checkpoint | None = None
    ) -> Iterator[tuple[Report, TrainingState]]:
        """Learn as `fit` does; yield where training stands, before it and ten times an epoch.

        Every check has been made when the first pair comes; the estimator is fitted when the last
        one has been taken.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Training rows.
        checkpoint : pair of (arrays, metadata) or None
            What `TrainingState.to_arrays` gave after a report with `epoch_done`: training goes
            on from there, and ends with the same bits as if it had never stopped.

        Yields
        ------
        tuple of (Report, TrainingState)
            The numbers, and the live state.
        """
        rows = check_rows(self, X, reset=True)
        check_enough_samples(len(rows))
        check_varies(rows)
        parts = resolve_options(self, n_features=rows.shape[1])
        self.scaler_ = None if self.scaler is None else fit_scaler(self.scaler, rows)
        self.optimizers_: list[torch.optim.Optimizer] | None
        device, generator = choose_device(self.device), make_generator(self.random_state)
        train_rows, held_out = self._split(rows, parts, generator)
        plan, learning_rate = plan_training(self, parts.optimizer, n_samples=len(train_rows))
        network = self._build_network(parts, generator, rows=train_rows).to(device, parts.dtype)
        if self.layerwise_epochs is not None and checkpoint is None:
            train_layers(
                network, parts, plan, train_rows.to(device), self.layerwise_epochs, generator
            )
        self.optimizers_ = parts.optimizer.build(network, learning_rate=learning_rate)
        self.network_ = network
        state = self._begin(parts, generator)
        if checkpoint is not None:
            state.restore(*checkpoint)
        yield from self._train(state, parts, plan, train_rows, held_out)
        self._confirm_dead_units(rows)

    def fine_tune(
        self,
        X: Any,
        *,
        corruption: Any = None,
        epochs: float | None = None,
        learning_rate: float | None = None,
    ) -> Autoencoder:
        """Return a copy that has gone on learning, on other rows or another task.

        Weights and optimisers go on from where they are; this estimator stays as it was. After
        `inscape.load` there are no optimisers to go on from, and new ones begin.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows that have to come out.
        corruption : str, Corruption or None
            What is done to them before they are encoded: the task is to undo it.
        epochs, learning_rate : float or None
            As in the constructor; this estimator's own are not used.

        Returns
        -------
        Autoencoder
            Fitted; its options tell what it was trained for last.
        """
        check_is_fitted(self)
        tuned = copy.copy(self)
        tuned.set_params(corruption=corruption, epochs=epochs, learning_rate=learning_rate)
        tuned.network_, tuned.optimizers_ = copy.deepcopy((self.network_, self.optimizers_))
        pairs = tuned._iter_fine_tune(X)
        for _ in with_progress(pairs, label="Fine-tuning") if self.verbose else pairs:
            pass
        return tuned

    def _iter_fine_tune(self, X: Any) -> Iterator[tuple[Report, TrainingState]]:
        rows = check_rows(self, X, reset=False)
        check_enough_samples(len(rows))
        parts = resolve_options(self, n_features=rows.shape[1])
        generator = make_generator(self.random_state)
        train_rows, held_out = self._split(rows, parts, generator)
        plan, learning_rate = plan_training(self, parts.optimizer, n_samples=len(train_rows))
        fresh = parts.optimizer.build(self.network_, learning_rate=learning_rate)
        self.optimizers_ = self.optimizers_ or fresh
        for optimizer, other in zip(self.optimizers_, fresh, strict=True):
            for group, asked in zip(optimizer.param_groups, other.param_groups, strict=True):
                group["initial_lr"] = asked["lr"]
        self.network_.train()
        state = self._begin(parts, generator)
        yield from self._train(state, parts, plan, train_rows, held_out)
        self._confirm_dead_units(rows)

    def _begin(self, parts: Parts, generator: torch.Generator) -> TrainingState:
        assert self.optimizers_ is not None
        # Drawn only where it is used: a training without noise draws what it always drew.
        noisy = parts.corruption is not None
        seed = int(torch.randint(2**31, (), generator=generator)) if noisy else 0
        return TrainingState(self.network_, self.optimizers_, generator, corruption_seed=seed)

    def _train(
        self, state: TrainingState, parts: Parts, plan: Plan, rows: Tensor, held_out: Tensor | None
    ) -> Iterator[tuple[Report, TrainingState]]:
        self.history_ = state.history
        device = next(state.network.parameters()).device
        for report in train(
            state,
            Reconstruction(parts.likelihood, parts.penalties, len(rows)),
            plan,
            X=rows.to(device),
            X_validation=None if held_out is None else held_out.to(device),
            corruption=parts.corruption,
        ):
            self.dead_units_ = report.dead_units
            yield report, state
        self.network_.eval()

    def _build_network(
        self, parts: Parts, generator: torch.Generator, *, rows: Tensor | None = None
    ) -> Network:
        """Return a new network; without rows its biases do not start from their mean."""
        mean = None
        if rows is not None:
            mean = rows[:: max(1, len(rows) // _MEAN_ROWS)].mean(dim=0).float()
        return parts.network.build(
            n_features=self.n_features_in_,
            n_code=self.n_components,
            n_components=self.n_components,
            n_outputs=self.n_features_in_ * parts.likelihood.n_parameters,
            bottleneck=build_bottleneck(self.bottleneck, self.n_components, generator=generator),
            generator=generator,
            mean_row=mean,
            mean_output=None if mean is None else parts.likelihood.start(mean),
        )

    def _split(
        self, X: FloatArray, parts: Parts, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Return the scaled rows to train on, and those held out."""
        scaled = self._scale(X)
        if parts.likelihood.unit_interval:
            check_unit_interval(scaled, likelihood=type(parts.likelihood).__name__)
        rows = as_tensor(scaled, dtype=parts.dtype)
        n_held_out = round(self.validation_fraction * len(rows))
        if not n_held_out:
            return rows, None
        order = torch.randperm(len(rows), generator=generator)
        check_enough_samples(len(rows) - n_held_out)
        return rows[order[n_held_out:]], rows[order[:n_held_out]]

    def _confirm_dead_units(self, X: FloatArray) -> None:
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

    # ----------------------------------------------------------------------- using

    def transform(self, X: Any) -> FloatArray:
        """Encode rows.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples, n_components)
            Codes, in the dtype of X; two calls give the same bits.
        """
        check_is_fitted(self)
        rows = check_rows(self, X, reset=False)
        return self._by_block(Network.encode, self._scale(rows), precision=rows.dtype)

    def inverse_transform(self, X: Any) -> FloatArray:
        """Decode codes to expected rows, in the units of the training data.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_components)
            Codes.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            The mean of the likelihood, in the dtype of the codes.
        """
        check_is_fitted(self)
        codes = check_codes(X, n_components=self.n_components)
        mean = resolve_part("likelihood", self.likelihood, LIKELIHOODS).mean
        rows = self._by_block(lambda net, z: mean(net.decode(z)), codes, precision=codes.dtype)
        if self.scaler_ is None:
            return rows
        return self.scaler_.inverse_transform(rows).astype(codes.dtype, copy=False)

    def reconstruct(self, X: Any) -> FloatArray:
        """Encode rows and decode them again.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            What came back.
        """
        return self.inverse_transform(np.asarray(self.transform(X)))

    def score_samples(self, X: Any) -> FloatArray:
        """Return the log-likelihood of each row under its reconstruction.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray, shape (n_samples,)
            Nats per sample, of the scaled rows where there is a scaler; higher is better.
        """
        check_is_fitted(self)
        given = check_rows(self, X, reset=False)
        rows = self._scale(given)
        likelihood: Likelihood = resolve_part("likelihood", self.likelihood, LIKELIHOODS)
        if likelihood.unit_interval:
            check_unit_interval(rows, likelihood=type(likelihood).__name__)
        return self._by_block(
            lambda net, x: -likelihood.negative_log_likelihood(net(x), x),
            rows,
            precision=given.dtype,
        ).astype(np.float64, copy=False)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean log-likelihood of the rows under their reconstructions.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : ignored
            For scikit-learn's searches.

        Returns
        -------
        float
            Nats per sample; higher is better.
        """
        return float(self.score_samples(X).mean())

    def at(self, snapshot: Snapshot) -> Autoencoder:
        """Return this estimator as it was at a snapshot of its training.

        Parameters
        ----------
        snapshot : Snapshot
            One of `Recorder.snapshots`, of this estimator's own fit.

        Returns
        -------
        Autoencoder
            A fitted copy; this one stays as it is.
        """
        check_is_fitted(self)
        earlier = copy.copy(self)
        earlier.network_, earlier.optimizers_ = copy.deepcopy(self.network_), None
        weights = {name: torch.from_numpy(np.array(w)) for name, w in snapshot.weights.items()}
        earlier.network_.load_state_dict(weights)
        return earlier

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a directory from which `inscape.load` makes the same estimator again.

        Parameters
        ----------
        path : path-like
            A new directory.
        overwrite : bool
            Whether a run that is there may be replaced.

        Raises
        ------
        RunExistsError
            If something is there already.
        StorageError
            If the place is read-only or full; nothing is left behind.
        """
        from inscape.estimators.persistence import save

        check_is_fitted(self)
        save(self, Path(path), overwrite=overwrite)

    def _scale(self, X: FloatArray) -> FloatArray:
        return X if self.scaler_ is None else self.scaler_.transform(X)

    @torch.no_grad()
    def _by_block(
        self, function: Callable[[Network, Tensor], Tensor], X: FloatArray, *, precision: Any
    ) -> FloatArray:
        """Apply `function` block by block, so that memory stays small.

        In float64 the arithmetic is float64 too: a row then gives the same numbers to 1e-12
        whichever rows come with it, where float32 products differ in their last digits.
        """
        first = next(self.network_.parameters())
        network, kind = self.network_, first.dtype
        if precision == np.float64 and kind != torch.float64:
            network, kind = copy.deepcopy(network).double(), torch.float64
        blocks = [
            function(network, rows.to(first.device, kind)).cpu()
            for rows in as_tensor(X, dtype=kind).split(_BLOCK)
        ]
        return torch.cat(blocks).numpy().astype(precision, copy=False)

    @property
    def _n_features_out(self) -> int:
        return self.n_components

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
