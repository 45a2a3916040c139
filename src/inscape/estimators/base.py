"""What every estimator that trains a network can do: learn, encode, decode, score, save."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from inscape._checks import (
    check_counts,
    check_enough_samples,
    check_unit_interval,
    check_varies,
    resolve_part,
)
from inscape._typing import FloatArray
from inscape.data.scaling import fit_scaler
from inscape.estimators.generation import draw_codes, fit_sampler, forget_samplers
from inscape.estimators.inputs import (
    as_tensor,
    check_codes,
    check_rows,
    choose_device,
    make_generator,
)
from inscape.estimators.options import Parts, plan_training
from inscape.networks import Network
from inscape.objectives import LIKELIHOODS, Likelihood
from inscape.training import Plan, Report, Snapshot, TrainingState, train
from inscape.training.progress import with_progress

Checkpoint: TypeAlias = tuple[dict[str, np.ndarray], dict[str, str]]

# Rows that are encoded or decoded at a time, so that hidden layers stay small in memory.
_BLOCK = 1024


class NetworkEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A network that encodes and decodes rows, as a scikit-learn transformer.

    A child gives the options and says what they stand for, which network is trained, and what is
    minimised.
    """

    # Options and fitted attributes that every child has; told here for type checkers.
    n_components: int
    network: Any
    likelihood: Any
    scaler: str | None
    optimizer: Any
    validation_fraction: float
    random_state: Any
    device: str
    verbose: int
    network_: Network
    history_: list[dict[str, Any]]
    dead_units_: tuple[int, ...]

    # ----------------------------------------------------------------------- what a child says

    @abstractmethod
    def _resolve(self, n_features: int) -> Parts:
        """Check every option, and return the parts they stand for."""

    @abstractmethod
    def _build_network(
        self, parts: Parts, generator: torch.Generator, *, rows: Tensor | None = None
    ) -> Network:
        """Return a new network; without rows nothing starts from them."""

    @abstractmethod
    def _objective(self, parts: Parts, *, n_samples: int) -> Any:
        """Return what is minimised over so many rows."""

    def _pretrain(
        self, network: Network, parts: Parts, plan: Plan, X: Tensor, generator: torch.Generator
    ) -> None:
        """Train parts of the network, where a child asks for it, before the whole is trained."""

    @abstractmethod
    def _conclude(self, X: FloatArray, rows: Tensor) -> None:
        """Look at the fitted network, given the rows as they came and as they were trained on."""

    @abstractmethod
    def diagnosis(self) -> str:
        """Return in words what is wrong with the fitted code, or an empty text."""

    # ----------------------------------------------------------------------- learning

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the representation of the rows.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Training rows.
        y : array-like, shape (n_samples,), or None
            Labels, where the estimator is conditional; else for scikit-learn's pipelines.

        Returns
        -------
        estimator
            Itself.
        """
        pairs = self.iter_fit(X, y)
        for _ in with_progress(pairs, label=type(self).__name__) if self.verbose else pairs:
            pass
        return self

    def iter_fit(
        self, X: Any, y: Any = None, *, checkpoint: Checkpoint | None = None
    ) -> Iterator[tuple[Report, TrainingState]]:
        """Learn as `fit` does; yield where training stands, before it and up to ten times an epoch.

        Every check has been made when the first pair comes; the estimator is fitted when the last
        one has been taken.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Training rows.
        y : array-like, shape (n_samples,), or None
            Labels, where the estimator is conditional.
        checkpoint : pair of (arrays, metadata) or None
            What `TrainingState.to_arrays` gave after a report with `epoch_done`: training goes
            on from there, and ends with the same bits as if it had never stopped.

        Yields
        ------
        tuple of (Report, TrainingState)
            The numbers, and the live state.
        """
        given = check_rows(self, X, reset=True)
        check_enough_samples(len(given))
        check_varies(given)
        parts = self._resolve(given.shape[1])
        self.scaler_ = None if self.scaler is None else fit_scaler(self.scaler, given)
        self.optimizers_: list[torch.optim.Optimizer] | None
        device, generator = choose_device(self.device), make_generator(self.random_state)
        rows = self._beside_labels(self._checked(given, parts), y, new=True)
        train_rows, held_out = self._split(rows, generator)
        plan, learning_rate = plan_training(self, parts.optimizer, n_samples=len(train_rows))
        network = self._build_network(parts, generator, rows=train_rows).to(device, parts.dtype)
        if checkpoint is None:
            self._pretrain(network, parts, plan, train_rows.to(device), generator)
        self.optimizers_ = parts.optimizer.build(network, learning_rate=learning_rate)
        self.network_ = network
        state = self._begin(parts, generator)
        if checkpoint is not None:
            state.restore(*checkpoint)
        yield from self._train(state, parts, plan, train_rows, held_out)
        self._conclude(given, rows)

    def fine_tune(
        self,
        X: Any,
        y: Any = None,
        *,
        corruption: Any = None,
        epochs: float | None = None,
        learning_rate: float | None = None,
    ) -> Self:
        """Return a copy that has gone on learning, on other rows or another task.

        Weights and optimisers go on from where they are; this estimator stays as it was. After
        `inscape.load` there are no optimisers to go on from, and new ones begin.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows that have to come out.
        y : array-like, shape (n_samples,), or None
            Labels, where the estimator is conditional.
        corruption : str, Corruption or None
            What is done to them before they are encoded: the task is to undo it.
        epochs, learning_rate : float or None
            As in the constructor; this estimator's own are not used.

        Returns
        -------
        estimator
            Fitted; its options tell what it was trained for last.
        """
        check_is_fitted(self)
        tuned = copy.copy(self)
        tuned.set_params(corruption=corruption, epochs=epochs, learning_rate=learning_rate)
        tuned.network_, tuned.optimizers_ = copy.deepcopy((self.network_, self.optimizers_))
        forget_samplers(tuned.network_)
        pairs = tuned._iter_fine_tune(X, y)
        for _ in with_progress(pairs, label="Fine-tuning") if self.verbose else pairs:
            pass
        return tuned

    def _iter_fine_tune(self, X: Any, y: Any) -> Iterator[tuple[Report, TrainingState]]:
        given = check_rows(self, X, reset=False)
        check_enough_samples(len(given))
        parts = self._resolve(given.shape[1])
        generator = make_generator(self.random_state)
        rows = self._beside_labels(self._checked(given, parts), y)
        train_rows, held_out = self._split(rows, generator)
        plan, learning_rate = plan_training(self, parts.optimizer, n_samples=len(train_rows))
        fresh = parts.optimizer.build(self.network_, learning_rate=learning_rate)
        self.optimizers_ = self.optimizers_ or fresh
        for optimizer, other in zip(self.optimizers_, fresh, strict=True):
            for group, asked in zip(optimizer.param_groups, other.param_groups, strict=True):
                group["initial_lr"] = asked["lr"]
        self.network_.train()
        state = self._begin(parts, generator)
        yield from self._train(state, parts, plan, train_rows, held_out)
        self._conclude(given, rows)

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
            self._objective(parts, n_samples=len(rows)),
            plan,
            X=rows.to(device),
            X_validation=None if held_out is None else held_out.to(device),
            corruption=parts.corruption,
        ):
            self.dead_units_ = report.dead_units
            yield report, state
        self.network_.eval()

    def _checked(self, X: FloatArray, parts: Parts) -> Tensor:
        """Return the scaled rows, once they are known to suit the likelihood."""
        scaled = self._scale(X)
        check_suits(scaled, parts.likelihood)
        return as_tensor(scaled, dtype=parts.dtype)

    def _beside_labels(self, rows: Tensor, y: Any, *, new: bool = False) -> Tensor:
        """Return what the network reads of scaled rows: those, and labels where a child has any."""
        return rows

    def _split(self, rows: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor | None]:
        """Return the rows to train on, and those held out."""
        n_held_out = round(self.validation_fraction * len(rows))
        if not n_held_out:
            return rows, None
        order = torch.randperm(len(rows), generator=generator)
        check_enough_samples(len(rows) - n_held_out)
        return rows[order[n_held_out:]], rows[order[:n_held_out]]

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
        return self._decode(check_codes(X, n_components=self.n_components))

    def _decode(self, codes: FloatArray) -> FloatArray:
        """Decode what the decoder reads, in the units of the training data."""
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
        check_suits(rows, likelihood)
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

    def fit_sampler(
        self,
        X: Any,
        kind: Any = "mixture",
        *,
        y: Any = None,
        n_steps: int = 1000,
        random_state: Any = None,
    ) -> Self:
        """Fit a density to the codes of rows, from which `sample` then draws new ones.

        Nothing else about the estimator changes; what is fitted is saved with it. A variational
        estimator's codes are draws from its posteriors. On the sphere and on the Poincaré ball
        draws stay in that space, and of a codebook they are entries. Source: the ex-post density
        estimation of Ghosh et al. 2020, arXiv 1903.12436, section 3.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows, such as those that it was trained on.
        kind : {"mixture", "flow"}, or part
            A mixture of Gaussians or a normalising flow; or one of your own size, such as
            ``MixtureOfGaussians(n_mixture_components=30)`` or "flow(n_layers=6)".
        y : array-like, shape (n_samples,), a label for all, or None
            Labels, where the estimator is conditional; the density is that of all labels' codes.
        n_steps : int
            Training steps of a flow.
        random_state : int, RandomState or None
            Where the fit starts from.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        InvalidParameterError
            If an option cannot hold, or there are fewer different codes than Gaussians.
        """
        check_is_fitted(self)
        fit_sampler(self, X, kind, y=y, n_steps=n_steps, random_state=random_state)
        return self

    def sample(self, n: int = 1, *, from_: str = "mixture", random_state: Any = None) -> FloatArray:
        """Draw codes from what `fit_sampler` fitted, and decode them to expected rows.

        Parameters
        ----------
        n : int
            How many.
        from_ : {"mixture", "flow"}
            Which of the fitted samplers.
        random_state : int, RandomState or None
            Where the codes are drawn from.

        Returns
        -------
        ndarray, shape (n, n_features)
            In the units of the training data.

        Raises
        ------
        InvalidParameterError
            If that sampler has not been fitted.
        """
        check_is_fitted(self)
        return self.inverse_transform(draw_codes(self, n, from_=from_, random_state=random_state))

    def at(self, snapshot: Snapshot) -> Self:
        """Return this estimator as it was at a snapshot of its training.

        Parameters
        ----------
        snapshot : Snapshot
            One of `Recorder.snapshots`, of this estimator's own fit.

        Returns
        -------
        estimator
            A fitted copy; this one stays as it is.
        """
        check_is_fitted(self)
        earlier = copy.copy(self)
        earlier.network_, earlier.optimizers_ = copy.deepcopy(self.network_), None
        forget_samplers(earlier.network_)
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


def check_suits(rows: FloatArray, likelihood: Any) -> None:
    """Refuse scaled rows that a likelihood gives no density.

    Raises
    ------
    InvalidDataError
        If they are not in [0, 1], or not whole numbers, where they must be.
    """
    name = type(likelihood).__name__
    if likelihood.unit_interval:
        check_unit_interval(rows, likelihood=name)
    if likelihood.counts:
        n_categories = getattr(likelihood, "n_categories", None)
        check_counts(rows, likelihood=name, n_categories=n_categories)
