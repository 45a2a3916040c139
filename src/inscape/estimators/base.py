"""What every estimator that trains a network can do: learn, encode, decode, score, save."""

from __future__ import annotations

import copy
import dataclasses
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from inscape._checks import check_choice, check_enough_samples
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._parts import describe_part
from inscape._typing import FloatArray
from inscape.data import Description
from inscape.data.dataset import restore_description
from inscape.data.scaling import Scaler
from inscape.estimators.activations import activations_of, layers_of
from inscape.estimators.building import build_optimizers
from inscape.estimators.conditions import Conditions, find_conditions, restore_conditions
from inscape.estimators.faults import find_faults, some_rows
from inscape.estimators.frame import Frame
from inscape.estimators.given import Given
from inscape.estimators.inputs import (
    as_tensor,
    check_codes,
    check_rows,
    choose_device,
    make_generator,
)
from inscape.estimators.linear_start import Principal, find_principal, no_start
from inscape.estimators.opening import names_of_labels, open_labels, open_rows
from inscape.estimators.options import (
    AUTO,
    MODULES,
    Options,
    Parts,
    check_batches,
    check_training,
    plan_training,
    resolve_corruption,
)
from inscape.estimators.persistence import save
from inscape.estimators.plain_modules import DecoderModule, EncoderModule, copy_plain
from inscape.estimators.samplers import (
    density_in,
    describe_samplers,
    draw_codes,
    find_mixture,
    fit_sampler,
    forget_samplers,
    restore_samplers,
)
from inscape.estimators.starting import limit_paths, paths_of, train_from_start
from inscape.estimators.units import MOST_NATS, Units, find_units, restore_units
from inscape.estimators.weighing import (
    check_network_takes_weights,
    check_takes_weights,
    check_weights,
    weigh,
)
from inscape.networks import Examples, LinearPath, LinearStart, Modules, Network
from inscape.objectives import Likelihood, Space
from inscape.training import Plan, Report, Snapshot, TrainingState, train
from inscape.training.progress import with_progress

Checkpoint: TypeAlias = tuple[dict[str, np.ndarray], dict[str, str]]

# Rows that are encoded or decoded at a time, so that hidden layers stay small in memory.
_BLOCK = 1024
# Of which the squares, and their sum over rows, are floats.
_LARGEST = 1e150
# What is told of a training.
_TRAINING = ("epochs", "batch_size", "learning_rate")


class NetworkEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """A network that encodes and decodes rows, as a scikit-learn transformer.

    A child gives the options and says what they stand for, which network is trained, and what is
    minimised. `fit` resolves the options once: what is fitted owns its parts, and options that are
    set afterwards change the next fit alone.

    `y` is what a conditional model is told: labels or numbers, one a row or one for all. Other
    models do without.

    Attributes
    ----------
    parts_ : Parts
        What the options stood for.
    options_ : dict
        The options as they were in `fit`.
    training_ : dict
        Epochs, batch size and learning rate, those that were left to the defaults too.
    units_ : Units
        The way of rows to the network and back.
    conditions_ : Conditions or None
        How `y` is told to a conditional model.
    description_ : Description or None
        What the columns of the rows are, as far as they came with names or as pictures.
    length_ : str
        In words how long the training was made, where that was found by held-out rows.
    """

    # Fitted attributes that every child has; told here for type checkers.
    verbose: int
    n_features_in_: int
    description_: Description | None
    parts_: Any
    options_: dict[str, Any]
    training_: dict[str, Any]
    network_: Network
    units_: Units
    conditions_: Conditions | None
    optimizers_: list[torch.optim.Optimizer] | None
    history_: list[dict[str, Any]]
    dead_units_: tuple[int, ...]
    length_: str
    _faults: tuple[str, ...]
    # Whether codes are drawn around their means, which linear components then are drawn to 0 by.
    draws_codes: ClassVar[bool]
    # Whether nothing is weighed against the likelihood's nats but prices in nats.
    _alone: ClassVar[bool]

    # ----------------------------------------------------------------------- what a child says

    @abstractmethod
    def _resolve(self, options: Options, *, n_features: int) -> Parts:
        """Check every option, and return the parts they stand for."""

    @abstractmethod
    def _build_network(
        self,
        parts: Any,
        *,
        units: Units,
        n_conditions: int,
        generator: torch.Generator,
        examples: Examples | None = None,
        linear: LinearStart | None = None,
    ) -> Network:
        """Return a new network; without examples nothing starts from them.

        Where linear maps are given it has a path for them.
        """

    @abstractmethod
    def _linear_start(self, parts: Any, units: Units, found: Principal) -> LinearStart:
        """Return the linear maps to start from, given the rows' principal directions."""

    @abstractmethod
    def _can_start_linear(self, parts: Any, options: Options) -> bool:
        """Return whether the parts have a linear start."""

    @abstractmethod
    def _gains_alone(self, parts: Any) -> bool:
        """Return whether nothing but the loss on clean rows is trained for."""

    @abstractmethod
    def _n_code(self, parts: Any) -> int:
        """Return the width of the encoder's output."""

    @abstractmethod
    def _objective(
        self, parts: Any, units: Units, *, n_samples: float, n_steps: int | None = None
    ) -> Any:
        """Return what is minimised over so many rows, in so many steps where they are planned."""

    def _critic_rate(self, parts: Any) -> float | None:
        """Return the learning rate of a critic that has one of its own."""
        return None

    def _pretrain(
        self,
        network: Network,
        parts: Any,
        units: Units,
        plan: Plan,
        X: Tensor,
        generator: torch.Generator,
    ) -> None:
        """Train parts of the network, where a child asks for it, before the whole is trained."""

    @abstractmethod
    def _conclude(self, X: FloatArray, examples: Examples) -> None:
        """Look at the fitted network, given the rows as they came and as they were trained on."""

    def _finish(
        self, given: FloatArray, y: Any, examples: Examples, weights: FloatArray | None = None
    ) -> None:
        """Look at what was fitted, once training is over."""
        self.network_.eval()
        told = None if self.conditions_ is None else some_rows(np.asarray(y), weights)
        # Looked at when somebody asks: whoever only wants codes does not wait for it.
        self._seen: Any = (some_rows(given, weights).copy(), told)
        self._conclude(given, examples)

    @property
    def faults_(self) -> tuple[str, ...]:
        """What may be wrong with the fit, as sentences with their remedies."""
        check_is_fitted(self)
        return self._find_faults(getattr(self, "feature_names_in_", None))

    def _find_faults(self, feature_names: Any) -> tuple[str, ...]:
        if self._seen is not None:
            rows, told = self._seen
            back = self.inverse_transform(self._encode(rows, told), told)
            if feature_names is None and self.description_ is not None:
                feature_names = self.description_.feature_names
            self._faults, self._seen = find_faults(self, rows, back, names=feature_names), None
        return self._faults

    def diagnosis(self, *, feature_names: Sequence[str] | None = None) -> str:
        """Return in words what may be wrong with the fit and what to do, or an empty text.

        Parameters
        ----------
        feature_names : sequence of str, or None
            What columns are called, where the model was fitted with an array that has no names.
        """
        check_is_fitted(self)
        if feature_names is not None:
            self._find_faults(feature_names)
        return " ".join([*self.faults_, *self._own_faults()])

    @abstractmethod
    def _own_faults(self) -> list[str]:
        """Return what is wrong with the fitted code, as sentences."""

    @property
    @abstractmethod
    def code_space_(self) -> Space:
        """Where the codes live."""

    # ----------------------------------------------------------------------- learning

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn the representation of the rows.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Training rows; also a frame, a mapping with X or a Bunch, a `Split`, or a `Dataset`,
            whose training part is taken. What their columns are is remembered: `description_`.
        y : array-like, shape (n_samples,), or None
            Labels, where the estimator is conditional and X brings none; else for scikit-learn's
            pipelines.
        sample_weight : array-like, shape (n_samples,), or None
            How many rows each row stands for: a weight of 3 is the row three times, 0 is a row that
            is not there. Rows are drawn into batches alike, and their losses weigh by weights whose
            mean is 1; in a training by all rows at once integers are repeated rows to the last
            digits, in smaller batches on average. How many rows are held out, and how long is
            trained by default, goes by the rows and not by their weights.

        Returns
        -------
        estimator
            Itself.

        Raises
        ------
        InvalidDataError
            If weights are not one finite number >= 0 a row, two of them above 0.
        InvalidParameterError
            If a part looks at whole batches and knows of no weights, such as a total correlation.
        """
        pairs = self.iter_fit(X, y, sample_weight=sample_weight)
        for _ in with_progress(pairs, label=type(self).__name__) if self.verbose else pairs:
            pass
        return self

    def iter_fit(
        self,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        checkpoint: Checkpoint | None = None,
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
        sample_weight : array-like, shape (n_samples,), or None
            As in `fit`.
        checkpoint : pair of (arrays, metadata) or None
            What `TrainingState.to_arrays` gave after a report with `epoch_done`: training goes
            on from there, and ends with the same bits as if it had never stopped.

        Yields
        ------
        tuple of (Report, TrainingState)
            The numbers, and the live state.
        """
        opened, names = open_rows(X, None, reset=True), names_of_labels(X) if y is None else None
        y = open_labels(X, y)
        given = check_rows(self, opened, reset=True)
        given, y, weights = weigh(given, y, sample_weight)
        check_enough_samples(len(given))
        _check_varies(given)
        options = self.get_params(deep=False)
        parts = self._resolve(options, n_features=given.shape[1])
        if weights is not None:
            check_takes_weights(parts, options)
        generator = make_generator(options["random_state"])
        share = options["validation_fraction"]
        order = _held_out_first(len(given), 0.0 if share == AUTO else share, generator)
        # What is held out tells nothing of its units either.
        learned = slice(None) if order is None else order[1].numpy()
        units = find_units(
            given[learned],
            parts.likelihood,
            parts.network,
            scaler=options["scaler"],
            alone=self._alone,
            weights=None if weights is None else weights[learned],
        )
        conditions = find_conditions(
            y, options.get("conditional", False), n_rows=len(given), names=names, weights=weights
        )
        device = choose_device(options["device"])
        examples = _checked(given, y, parts, units, conditions, weights=weights)
        training, held_out = _split(examples, order)
        plan, learning_rate = plan_training(options, parts.optimizer, n_samples=len(training))
        linear = self._find_linear_start(parts, options, units, training)
        network = self._build_network(
            parts,
            units=units,
            n_conditions=0 if conditions is None else conditions.n_columns,
            generator=generator,
            examples=training,
            linear=linear,
        ).to(device, parts.dtype)
        plan = check_batches(plan, network)
        if weights is not None:
            check_network_takes_weights(plan, network)
        if checkpoint is None:
            rows = training.features.to(device)
            self._pretrain(network, parts, units, plan, rows, generator)
        # From here on nothing is refused: what was fitted before gives way as a whole.
        self.options_, self.parts_, self.units_, self.conditions_ = (
            options,
            parts,
            units,
            conditions,
        )
        self.description_ = opened.description
        self.note_training(plan, learning_rate)
        self.length_ = ""
        chosen = share == AUTO and linear is not None and self._gains_alone(parts)
        if chosen:
            yield from train_from_start(self, network, examples, options, generator, checkpoint)
        else:
            state = self.begin(network, generator, learning_rate)
            if checkpoint is not None:
                state.restore(*checkpoint)
            yield from self._train(state, plan, training, held_out)
        self._finish(given, y, examples, weights)

    def fine_tune(
        self,
        X: Any,
        y: Any = None,
        *,
        sample_weight: Any = None,
        corruption: Any = None,
        epochs: float | None = None,
        learning_rate: float | None = None,
    ) -> Self:
        """Return a copy that has gone on learning, on other rows or another task.

        It is what other libraries do by ``partial_fit`` or ``warm_start``. Weights and optimisers
        go on from where they are; this estimator stays as it was. After
        `inscape.load` there are no optimisers to go on from, and new ones begin.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows that have to come out.
        y : array-like, shape (n_samples,), or None
            Labels, where the estimator is conditional.
        sample_weight : array-like, shape (n_samples,), or None
            As in `fit`; units and conditions stay those of the fit.
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
        changed = {"corruption": corruption, "epochs": epochs, "learning_rate": learning_rate}
        tuned.options_ = self.options_ | changed
        tuned.set_params(**tuned.options_)
        tuned.network_, tuned.optimizers_ = copy.deepcopy((self.network_, self.optimizers_))
        forget_samplers(tuned.network_)
        pairs = tuned._iter_fine_tune(X, y, sample_weight)
        for _ in with_progress(pairs, label="Fine-tuning") if self.verbose else pairs:
            pass
        return tuned

    def _iter_fine_tune(
        self, X: Any, y: Any, sample_weight: Any
    ) -> Iterator[tuple[Report, TrainingState]]:
        given, y = check_rows(self, X, reset=False), self._labels(X, y)
        given, y, weights = weigh(given, y, sample_weight)
        check_enough_samples(len(given))
        options, n_features = self.options_, self.n_features_in_
        check_training(options)
        corruption = resolve_corruption(options["corruption"], n_features=n_features)
        self.parts_ = dataclasses.replace(self.parts_, corruption=corruption)
        if weights is not None:
            check_takes_weights(self.parts_, {})
        generator = make_generator(options["random_state"])
        examples = _checked(given, y, self.parts_, self.units_, self.conditions_, weights=weights)
        share = options["validation_fraction"]
        order = _held_out_first(len(given), 0.0 if share == AUTO else share, generator)
        training, held_out = _split(examples, order)
        plan, rate = plan_training(options, self.parts_.optimizer, n_samples=len(training))
        plan = check_batches(plan, self.network_)
        if weights is not None:
            check_network_takes_weights(plan, self.network_)
        self.note_training(plan, rate)
        # What was told of the fit before is not true of this one.
        self.length_ = ""
        before = self.optimizers_
        state = self.begin(self.network_, generator, rate)
        if before is not None:
            # Go on from where they are, at the rate that is asked for now.
            for optimizer, other in zip(before, state.optimizers, strict=True):
                for group, asked in zip(optimizer.param_groups, other.param_groups, strict=True):
                    group["initial_lr"] = asked["lr"]
            self.optimizers_ = state.optimizers = before
        self.network_.train()
        yield from self._train(state, plan, training, held_out)
        self._finish(given, y, examples, weights)

    def _find_linear_start(
        self, parts: Any, options: Options, units: Units, examples: Examples
    ) -> LinearStart | None:
        """Return PCA of all rows as maps to start from, where parts and rows are such."""
        fits = parts.n_components <= min(examples.features.shape)
        if units.frame is None or not fits or not self._can_start_linear(parts, options):
            return None
        weights = None if examples.weights is None else examples.weights.double().numpy()
        found = find_principal(examples.features.numpy(), parts.n_components, weights)
        return self._linear_start(parts, units, found)

    def begin(
        self,
        network: Network,
        generator: torch.Generator,
        learning_rate: float,
        *,
        before: TrainingState | None = None,
    ) -> TrainingState:
        """Return the state of a training that begins, maybe after one that found its length."""
        self.network_ = network
        optimizers = build_optimizers(
            self.parts_.optimizer,
            network,
            learning_rate=learning_rate,
            critic_rate=self._critic_rate(self.parts_),
        )
        self.optimizers_ = optimizers
        # Drawn only where it is used: a training without noise draws what it always drew.
        noisy = self.parts_.corruption is not None
        seed = int(torch.randint(2**31, (), generator=generator)) if noisy else 0
        state = TrainingState(network, optimizers, generator, corruption_seed=seed)
        if before is not None:
            state.history, state.first_step = before.history, before.step
            state.step = before.step
            state.epochs_before = before.history[-1]["epoch"]
        return state

    def _train(
        self,
        state: TrainingState,
        plan: Plan,
        training: Examples,
        held_out: Examples | None = None,
    ) -> Iterator[tuple[Report, TrainingState]]:
        device = next(state.network.parameters()).device
        reports = train(
            state,
            self.objective(training.total, n_steps=plan.n_steps(len(training))),
            plan,
            examples=training.to(device),
            held_out=None if held_out is None else held_out.to(device),
            corruption=self.units_.corruption(self.parts_.corruption),
        )
        yield from self.watch(reports, state)

    def objective(self, n_samples: float, *, n_steps: int | None = None) -> Any:
        """Return what is minimised over so many rows, in so many steps where they are planned."""
        return self._objective(self.parts_, self.units_, n_samples=n_samples, n_steps=n_steps)

    def note_training(self, plan: Plan, learning_rate: float) -> None:
        """Keep how long, in which batches and at which rate is trained."""
        values = (plan.epochs, plan.batch_size, learning_rate)
        self.training_ = dict(zip(_TRAINING, values, strict=True))

    def watch(
        self, reports: Iterator[Report], state: TrainingState
    ) -> Iterator[tuple[Report, TrainingState]]:
        """Pass reports through with their state, and keep what they tell."""
        self.history_ = state.history
        for report in reports:
            self.dead_units_ = report.dead_units
            yield report, state

    # ----------------------------------------------------------------------- using

    def fit_transform(self, X: Any, y: Any = None, **options: Any) -> Any:
        """Learn the representation of the rows, and encode them.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Training rows.
        y : array-like, or None
            What a conditional model is told.
        **options
            Of `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_components)
            Codes, those of ``fit(X, y).transform(X, y)``.
        """
        return self.fit(X, y, **options).transform(X, y)

    def transform(self, X: Any, y: Any = None) -> FloatArray:
        """Encode rows; a distribution over codes is told by its mean.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, or None
            What a conditional model is told.

        Returns
        -------
        ndarray, shape (n_samples, n_components)
            Codes, in the dtype of X; two calls give the same bits.
        """
        check_is_fitted(self)
        return self._encode(check_rows(self, X, reset=False), self._labels(X, y))

    def _encode(self, rows: FloatArray, y: Any) -> FloatArray:
        """Return the codes of rows that were checked."""
        return self._by_block(
            lambda net, some: net.encode(some.features, some.conditions),
            rows,
            y,
            precision=rows.dtype,
            before=self.units_.apply,
        )

    @property
    def layer_names_(self) -> tuple[str, ...]:
        """Names of the network's layers, in the order in which rows come through them.

        They are those of ``network_.named_modules()``: "encoder.0" is the encoder's first layer,
        "bottleneck" gives the codes, "decoder" what the likelihood reads.
        """
        check_is_fitted(self)
        told = self.conditions_
        n_conditions = 0 if told is None else told.n_columns
        return layers_of(self.network_, n_features=self.n_features_in_, n_conditions=n_conditions)

    def activations(self, X: Any, y: Any = None, *, layer: str) -> FloatArray:
        """Return what a layer gives for rows.

        Nothing is drawn: a variational model decodes the means of its posteriors. For a moment of
        the training ask ``at(snapshot)``.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, or None
            What a conditional model is told.
        layer : str
            One of `layer_names_`.

        Returns
        -------
        ndarray, shape (n_samples, width), or (n_samples, channels, height, width) of maps
            In the dtype of X, in the units of the network.

        Raises
        ------
        InvalidParameterError
            If there is no such layer; the message has all names.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from inscape import Autoencoder
        >>> X = load_digits().data[:100]
        >>> model = Autoencoder(2, likelihood="bernoulli", scaler="minmax", epochs=1).fit(X)
        >>> model.layer_names_[:3]
        ('encoder.0', 'encoder.1', 'encoder.2')
        >>> model.activations(X, layer="encoder.1").shape
        (100, 256)
        """
        check_is_fitted(self)
        check_choice("layer", layer, self.layer_names_)
        rows = check_rows(self, X, reset=False)
        return self._by_block(
            lambda net, some: activations_of(net, some, layer),
            rows,
            open_labels(X, y),
            precision=rows.dtype,
            before=self.units_.apply,
        )

    def inverse_transform(self, X: Any, y: Any = None) -> FloatArray:
        """Decode codes to expected rows, in the units of the training data.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_components)
            Codes.
        y : array-like, or None
            What a conditional model is told.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            The mean of the likelihood, in the dtype of the codes.
        """
        check_is_fitted(self)
        codes = check_codes(X, n_components=self.parts_.n_components)
        mean = self.units_.likelihood.mean
        return self._by_block(
            lambda net, some: mean(net.decode(some.features, some.conditions)),
            codes,
            y,
            precision=codes.dtype,
            after=self.units_.undo,
        )

    def reconstruct(self, X: Any, y: Any = None) -> FloatArray:
        """Encode rows and decode them again.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, or None
            What a conditional model is told.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            What came back, its columns in the order of those in `fit`.
        """
        check_is_fitted(self)
        y = self._labels(X, y)
        return self.inverse_transform(np.asarray(self.transform(X, y)), y)

    def score_samples(self, X: Any, y: Any = None, *, by_feature: bool = False) -> FloatArray:
        """Return the log-likelihood of each row under its reconstruction.

        Nothing is drawn, so that two calls give the same: for the likelihood of the rows under a
        whole variational model see `VariationalAutoencoder.log_likelihood`.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows; one that is so far off that its number leaves the floats gets the lowest.
        y : array-like, or None
            What a conditional model is told.
        by_feature : bool
            Whether to return the share of each feature.

        Returns
        -------
        ndarray, shape (n_samples,), or (n_samples, n_features)
            Nats per sample, in the units of X whatever the scaler; higher is better.

        Raises
        ------
        InvalidParameterError
            If the likelihood knows of no shares of features, where they are asked for.
        """
        check_is_fitted(self)
        given, y = check_rows(self, X, reset=False), self._labels(X, y)
        likelihood, units = self.units_.likelihood, self.units_
        units.check(given)
        told = likelihood.nats_per_feature if by_feature else likelihood.negative_log_likelihood

        def nats(network: Network, some: Examples) -> Tensor:
            return told(network(some.features, some.conditions), some.features)

        found = self._by_block(nats, given, y, precision=given.dtype, before=units.apply)
        found = np.nan_to_num(found.astype(np.float64), nan=MOST_NATS, posinf=MOST_NATS)
        if by_feature:
            return -(units.framed.factor * found + units.constants(given.shape[1]))
        return -units.nats(found, given.shape[1])

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the mean of `score_samples`.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, or None
            What a conditional model is told.
        sample_weight : array-like, shape (n_samples,), or None
            What each row counts.

        Returns
        -------
        float
            Nats per sample; higher is better.
        """
        found = self.score_samples(X, y)
        if sample_weight is None:
            return float(found.mean())
        return float(np.average(found, weights=check_weights(sample_weight, len(found))))

    def given(self, y: Any) -> Given:
        """Return this estimator with what it is told bound: a plain representation.

        Parameters
        ----------
        y : array-like, one a row or one for all
            Labels, or numbers.

        Raises
        ------
        InvalidParameterError
            If the estimator is not conditional.
        """
        check_is_fitted(self)
        if self.conditions_ is None:
            raise InvalidParameterError(
                f"`given` must be asked of a conditional model; got a {type(self).__name__} that "
                "is told nothing: use it as it is."
            )
        return Given(self, y)

    def encoder_module(self) -> EncoderModule:
        """Return the encoder as a plain module, to be trained on or built into another network.

        Its ``forward(rows)``, in a conditional model ``forward(rows, y)``, is `transform`: rows are
        in the units of the data. It is a copy in evaluation mode; what happens to it changes
        nothing here.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from inscape import Autoencoder
        >>> X = load_digits().data[:100]
        >>> encoder = Autoencoder(2, epochs=1, random_state=0).fit(X).encoder_module()
        >>> classifier = torch.nn.Sequential(encoder, torch.nn.Linear(2, 10))
        >>> classifier(torch.from_numpy(X).float()).shape
        torch.Size([100, 10])
        """
        check_is_fitted(self)
        network = copy_plain(self.network_)
        device = next(network.parameters()).device
        return EncoderModule(network, self.units_, self.conditions_, self.n_features_in_).to(device)

    def decoder_module(self) -> DecoderModule:
        """Return the decoder as a plain module; ``forward(codes)`` is `inverse_transform`.

        It is a copy as that of `encoder_module`, and shares no weights with it.
        """
        check_is_fitted(self)
        network = copy_plain(self.network_)
        device = next(network.parameters()).device
        return DecoderModule(network, self.units_, self.conditions_, self.n_components_).to(device)

    def differentiable_decoders(self, n: int, y: Any = None) -> list[Callable[[Tensor], Tensor]]:
        """Return a function for each of `n` rows, from codes to rows, through which gradients go.

        Parameters
        ----------
        n : int
            How many.
        y : array-like, or None
            What a conditional model is told of each.

        Returns
        -------
        list of callable
            Codes (n, n_components) in float64 to rows in the units of the training data.
        """
        check_is_fitted(self)
        told = self._encode_conditions(y, n)
        decoder = self.decoder_module().cpu().double().requires_grad_(False)
        if told is None:
            return [decoder] * n

        def tell(row: Tensor) -> Callable[[Tensor], Tensor]:
            return lambda codes: decoder.decode(codes, row.double().expand(len(codes), -1))

        return [tell(row) for row in told]

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
        kind : {"mixture", "flow", "symbols"}, or part
            A mixture of Gaussians or a normalising flow; or one of your own size, such as
            ``MixtureOfGaussians(n_mixture_components=30)``, 'mixture(covariance="full")', the
            source's, or "flow(n_layers=6)". Of a codebook
            "symbols" is the density of the symbols themselves, each given those before it.
        y : array-like, or None
            What a conditional model is told; the density is that of all rows' codes.
        n_steps : int
            Training steps of a flow, or of the density of symbols.
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

    def sample(
        self,
        n: int = 1,
        *,
        from_: str | None = None,
        y: Any = None,
        observations: bool = False,
        random_state: Any = None,
    ) -> FloatArray:
        """Draw codes from the prior, or from what `fit_sampler` fitted; decode to rows.

        Parameters
        ----------
        n : int
            How many.
        from_ : {"prior", "mixture", "flow", "symbols"} or None
            What is drawn from; None is the prior, or, where there is none, the one that has been
            fitted, of several the mixture.
        y : array-like, or None
            What a conditional model is told.
        observations : bool
            Whether rows are drawn from the likelihood too: counts are whole numbers, and columns
            vary as the model says that data do. Else they are the expected rows of the codes,
            which vary less.
        random_state : int, RandomState or None
            Where the draws come from; the codes are the same either way.

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
        codes = draw_codes(self, n, from_=from_, random_state=random_state)
        if not observations:
            return self.inverse_transform(codes, y)
        draw, generator = self.units_.likelihood.sample, make_generator(random_state)
        # The next seed: rows that were drawn with the numbers of the codes would hang on them.
        generator.manual_seed(generator.initial_seed() + 1)
        return self._by_block(
            lambda net, some: draw(net.decode(some.features, some.conditions), generator=generator),
            codes,
            y,
            precision=codes.dtype,
            after=self.units_.undo,
        )

    def responsibilities(self, X: Any, y: Any = None, *, from_: str | None = None) -> FloatArray:
        r"""Return how probable each part of a mixture is as the origin of each row's code.

        .. math:: r_k(x) = \frac{\pi_k \, p_k(z)}{\sum_l \pi_l \, p_l(z)}

        with z the code of x as `transform` gives it: of a variational estimator, its mean.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, or None
            What a conditional model is told.
        from_ : {"prior", "mixture"} or None
            Which mixture: a prior that is one, or what `fit_sampler` fitted; None as in `sample`.

        Returns
        -------
        ndarray, shape (n_samples, n_mixture_components)
            Rows sum to 1; of a VampPrior, a column a pseudo-input.

        Raises
        ------
        InvalidParameterError
            If there is no such mixture.
        """
        check_is_fitted(self)
        kind, flatten = find_mixture(self, from_), self.code_space_.flatten
        codes = self.transform(X, y)
        return self._by_block(
            lambda net, some: density_in(net, kind).responsibilities(flatten(some.features), net),
            codes,
            self._labels(X, y),
            precision=codes.dtype,
        )

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

    def with_encoder(self, encoder: EncoderModule) -> Self:
        """Return this estimator with an encoder that was trained on, such as by labels.

        Parameters
        ----------
        encoder : EncoderModule
            What `encoder_module` of this estimator gave, its weights changed since.

        Returns
        -------
        estimator
            A fitted copy, whose `transform` is the module; this one stays as it is. The decoder is
            still the one of before, and knows nothing of it.
        """
        check_is_fitted(self)
        other = copy.copy(self)
        other.network_, other.optimizers_ = copy.deepcopy(self.network_), None
        forget_samplers(other.network_)
        other.network_.encoder.load_state_dict(encoder.encoder.state_dict())
        other.network_.bottleneck.load_state_dict(encoder.bottleneck.state_dict())
        return other

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
        check_is_fitted(self)
        save(self, Path(path), overwrite=overwrite)

    def _network_in(self, precision: Any) -> tuple[Network, torch.dtype]:
        """Return the network as it is, or a copy in float64 for rows that are; and its type."""
        kind = next(self.network_.parameters()).dtype
        if precision == np.float64 and kind != torch.float64:
            return copy.deepcopy(self.network_).double(), torch.float64
        return self.network_, kind

    def _examples(self, given: FloatArray, y: Any, *, kind: torch.dtype) -> Examples:
        """Return checked rows as a network of that type works on them, fit for the likelihood."""
        parts = dataclasses.replace(self.parts_, dtype=kind)
        return _checked(given, y, parts, self.units_, self.conditions_, trained_on=False)

    def _labels(self, X: Any, y: Any) -> Any:
        """Return what the model is told of rows; labels that these bring along, by their names."""
        told = open_labels(X, y)
        if self.conditions_ is None or y is not None or told is None:
            return told
        known = None if self.description_ is None else self.description_.class_names
        return self.conditions_.by_name(told, names_of_labels(X), known)

    def _encode_conditions(self, y: Any, n_rows: int) -> Tensor | None:
        return None if self.conditions_ is None else self.conditions_.encode(y, n_rows=n_rows)

    @torch.no_grad()
    def _by_block(
        self,
        function: Callable[[Network, Examples], Tensor],
        X: FloatArray,
        y: Any,
        *,
        precision: Any,
        before: Callable[[FloatArray], FloatArray] | None = None,
        after: Callable[[FloatArray], FloatArray] | None = None,
        told_in: Any = None,
    ) -> FloatArray:
        """Apply `function` block by block, and what comes before and after: memory stays small.

        In float64 the arithmetic is float64 too: a row then gives the same numbers to 1e-12
        whichever rows come with it, where float32 products differ in their last digits.
        """
        network, kind = self._network_in(precision)
        device = next(network.parameters()).device
        told = self._encode_conditions(y, len(X))
        told_in = precision if told_in is None else told_in
        found = np.empty(0, dtype=told_in)
        for start in range(0, len(X), _BLOCK):
            rows = slice(start, start + _BLOCK)
            block = X[rows] if before is None else before(X[rows])
            some = Examples(as_tensor(block, dtype=kind), None if told is None else told[rows])
            tensor = function(network, some.to(device, kind)).cpu()
            result = tensor.numpy().astype(told_in, copy=False)
            result = result if after is None else after(result)
            if not start:
                found = np.empty((len(X), *result.shape[1:]), dtype=told_in)
            found[rows] = result
        return found

    # ----------------------------------------------------------------------- as data

    def to_data(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return what is fitted as plain data and named arrays, from which `from_data` takes it."""
        check_is_fitted(self)
        tensors = {
            f"network.{name}": tensor.cpu().numpy()
            for name, tensor in self.network_.state_dict().items()
        }
        scaler, frame = self.units_.scaler, self.units_.frame
        if scaler is not None:
            tensors |= {"scaler.shift": scaler.shift, "scaler.scale": scaler.scale}
        if frame is not None:
            tensors |= {"frame.mean": frame.mean, "frame.scale": np.array(frame.scale)}
        return self._describe(), tensors

    def from_data(
        self,
        described: dict[str, Any],
        tensors: dict[str, np.ndarray],
        *,
        own: Modules | None = None,
    ) -> None:
        """Take what `to_data` told, on a new estimator with the same options.

        Parameters
        ----------
        described : dict
            The plain data.
        tensors : dict of str to ndarray
            The arrays.
        own : Modules or None
            The user's modules, where there are any: their code is not stored.

        Raises
        ------
        InvalidParameterError
            If those are of other shapes than the weights.
        """
        self._restore(described, tensors, own=own)
        weights = {
            name.removeprefix("network."): torch.from_numpy(array)
            for name, array in tensors.items()
            if name.startswith("network.")
        }
        if own is not None:
            _check_shapes(self.network_, weights)
        self.network_.load_state_dict(weights)
        self.network_.eval()

    def _describe(self) -> dict[str, Any]:
        """Return what is fitted, but for numbers in tensors, as plain data."""
        options = dict(self.options_)
        # The code of a user's own modules cannot be told as data: who loads the weights brings it.
        if isinstance(self.parts_.network, Modules):
            options["network"] = MODULES
        # Nor can a generator object; the weights no longer depend on it.
        if not isinstance(options["random_state"], (int, np.integer, type(None))):
            options["random_state"] = None
        names = getattr(self, "feature_names_in_", None)
        told = self.conditions_
        return {
            "type": _word(type(self)),
            "parameters": describe_part(options),
            "resolved": self.parts_.describe() | self.training_,
            "n_features": self.n_features_in_,
            "feature_names": None if names is None else [str(name) for name in names],
            "data": None if self.description_ is None else self.description_.describe(),
            "conditions": None if told is None else told.describe(),
            "linear_path": isinstance(self.network_.encoder, LinearPath),
            "path_limit": next((path.limit for path in paths_of(self.network_)), None),
            "length": self.length_,
            "faults": list(self.faults_),
            "dead_units": list(self.dead_units_),
            "history": self.history_,
            "samplers": describe_samplers(self.network_),
        }

    def _restore(
        self,
        described: dict[str, Any],
        tensors: Mapping[str, np.ndarray],
        *,
        own: Modules | None,
    ) -> None:
        """Take what `_describe` told, on a new estimator with its options; weights come after."""
        self.options_ = self.get_params(deep=False)
        resolved = dict(described["resolved"])
        if own is not None:
            resolved["network"] = own
        options = {**self.options_, **resolved}
        if resolved["network"] is not None:
            # The short forms are part of the network that was resolved.
            del options["hidden"], options["activation"]
        self.n_features_in_ = described["n_features"]
        if described["feature_names"] is not None:
            self.feature_names_in_ = np.array(described["feature_names"], dtype=object)
        self.description_ = restore_description(described.get("data"))
        if self.description_ is None and described["feature_names"] is not None:
            # Models that were saved before kept names alone.
            self.description_ = Description(tuple(described["feature_names"]))
        self.parts_ = self._resolve(options, n_features=self.n_features_in_)
        self.training_ = {name: resolved[name] for name in _TRAINING}
        self.conditions_ = restore_conditions(described["conditions"])
        self.dead_units_ = tuple(described["dead_units"])
        self.history_ = described["history"]
        self.optimizers_, self.length_ = None, described["length"]
        self._faults, self._seen = tuple(described["faults"]), None
        self.units_ = _restore_units(tensors, self.parts_.likelihood, alone=self._alone)
        told, n_components = self.conditions_, self.parts_.n_components
        linear = None
        if described["linear_path"]:
            n_code = self._n_code(self.parts_)
            linear = no_start(self.n_features_in_, n_code, n_components)
        self.network_ = self._build_network(
            self.parts_,
            units=self.units_,
            n_conditions=0 if told is None else told.n_columns,
            generator=torch.Generator(),
            linear=linear,
        ).to(self.parts_.dtype)
        limit_paths(self.network_, described["path_limit"])
        restore_samplers(
            self.network_, described["samplers"], n_components=self.parts_.n_components
        )

    @property
    def scaler_(self) -> Scaler | None:
        """The user's scaler, as it was fitted."""
        check_is_fitted(self)
        return self.units_.scaler

    @property
    def n_components_(self) -> int:
        """Width of the fitted code."""
        return self.parts_.n_components

    @property
    def _n_features_out(self) -> int:
        return self.parts_.n_components

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _word(kind: type[Any]) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


def _check_shapes(network: Network, weights: dict[str, Tensor]) -> None:
    """Refuse modules of the user's own that are no copies of those that were trained."""
    wanted = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    got = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    for name in [*wanted, *got]:
        if wanted.get(name) != got.get(name):
            raise InvalidParameterError(
                "`network` must be modules of the shapes that were saved; got "
                f"{got.get(name, 'nothing')} for {name}, which is "
                f"{wanted.get(name, 'not in the file')} there: build the modules as they were."
            )


def _checked(
    X: FloatArray,
    y: Any,
    parts: Parts,
    units: Units,
    conditions: Conditions | None,
    *,
    trained_on: bool = True,
    weights: FloatArray | None = None,
) -> Examples:
    """Return rows as the network works on them, known to suit the likelihood, and what is told."""
    if trained_on:
        parts.likelihood.check(units.scale(X))
    else:
        units.check(X)
    rows = units.apply_to_training(X, weights) if trained_on else units.apply(X)
    told = None if conditions is None else conditions.encode(y, n_rows=len(X)).to(parts.dtype)
    each = None if weights is None else torch.from_numpy(weights).to(parts.dtype)
    return Examples(as_tensor(rows, dtype=parts.dtype), told, each)


def _restore_units(
    tensors: Mapping[str, np.ndarray], likelihood: Likelihood, *, alone: bool
) -> Units:
    shift, scale = tensors.get("scaler.shift"), tensors.get("scaler.scale")
    scaler = None if shift is None or scale is None else Scaler(shift, scale)
    mean, spread = tensors.get("frame.mean"), tensors.get("frame.scale")
    frame = None if mean is None or spread is None else Frame(mean, float(spread))
    return restore_units(scaler, frame, likelihood, alone=alone)


def _held_out_first(
    n_samples: int, share: float, generator: torch.Generator
) -> tuple[Tensor, Tensor] | None:
    """Return the rows that are held out, and those to train on; None where all are trained on."""
    n_held_out = round(share * n_samples)
    if not n_held_out:
        return None
    order = torch.randperm(n_samples, generator=generator)
    check_enough_samples(n_samples - n_held_out)
    return order[:n_held_out], order[n_held_out:]


def _split(
    examples: Examples, order: tuple[Tensor, Tensor] | None
) -> tuple[Examples, Examples | None]:
    """Return the examples to train on, and those held out."""
    if order is None:
        return examples, None
    held_out, training = order
    return examples[training], examples[held_out]


def _check_varies(X: FloatArray) -> None:
    """Ask for at least one column that is not constant, and for numbers that have squares.

    Raises
    ------
    InvalidDataError
        If every row is the same, or a number is too large.
    """
    if (X[0] == X[-1]).all() and (X[0] == X).all():
        raise InvalidDataError(
            f"X must vary; got {X.shape[0]} identical rows ({X.shape[1]} constant columns), "
            "from which nothing can be learned: check how the data were read."
        )
    if X.dtype == np.float64 and max(X.max(), -X.min()) > _LARGEST:
        raise InvalidDataError(
            f"X must lie within {_LARGEST:g}, for squares have to fit in float64; got "
            f"{max(X.max(), -X.min()):g}: rescale the data."
        )
