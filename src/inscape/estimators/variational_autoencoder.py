"""The variational autoencoder as a scikit-learn transformer: a model is a line of parts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from inscape._checks import check_integer
from inscape._typing import FloatArray
from inscape.estimators.base import NetworkEstimator
from inscape.estimators.building import build_network
from inscape.estimators.generation import draw_codes
from inscape.estimators.inputs import check_codes, check_rows, make_generator
from inscape.estimators.labels import find_classes, one_hot_labels
from inscape.estimators.latent_report import report_on_latents
from inscape.estimators.options import VariationalParts, resolve_variational
from inscape.networks import Network, SharedOutputs
from inscape.objectives import Variational
from inscape.objectives.bounds import log_mean_exp
from inscape.objectives.variational import Batch

# Draws and rows that are decoded at a time.
_DECODED_AT_ONCE = 4096
# About so many rows, or all of fewer, tell the best scale to half a percent.
_CALIBRATED_ON = 4096


class VariationalAutoencoder(NetworkEstimator):
    r"""Learn a distribution over codes for each row, and one from which new rows can be drawn.

    An encoder gives the posterior :math:`q(z \mid x)` of each row, a decoder the likelihood
    :math:`p(x \mid z)`; what is minimised, in nats per sample, is

    .. math:: -\mathbb{E}_{q(z \mid x)} \log p(x \mid z) + D(q, p)

    or a tighter bound of :math:`-\log p(x)`. Every part can be exchanged; `inscape.zoo` has the
    published combinations by name.

    Parameters
    ----------
    n_components : int
        Width of the code.
    hidden, activation, network
        As in `Autoencoder`.
    likelihood : str or Likelihood
        A name in `inscape.objectives.LIKELIHOODS`, or a part such as ``Gaussian(scale=0.1)``. The
        scale of the default is learned: where it is fixed above what can be told apart in the
        rows, as 1 is for pixels in [0, 1], no code is worth its cost, and all collapse.
    posterior : str or Posterior
        "diagonal_gaussian", "full_gaussian", "von_mises_fisher" (on the sphere), "wrapped_normal"
        (on the Poincaré ball), "inverse_autoregressive_flow" or "point_mass".
    prior : str or Prior
        "standard_normal", "mixture_of_gaussians", "vamp_prior", "normalizing_flow",
        "uniform_on_sphere" or "wrapped_standard_normal".
    divergence : str or Divergence
        "kullback_leibler" (with weight, schedule, free bits), "capacity_controlled",
        "total_correlation", "factor_discriminator", "disentangled_inferred_prior",
        "maximum_mean_discrepancy" or "adversarial".
    bound : str or Bound
        "evidence_lower_bound", "importance_weighted" and its relatives.
    conditional : bool
        Whether encoder and decoder are told the labels that `fit` is given.
    corruption, scaler, epochs, batch_size, optimizer, learning_rate, precision
        As in `Autoencoder`.
    validation_fraction, patience, random_state, device, verbose
        As in `Autoencoder`.

    Attributes
    ----------
    network_ : Network
        The trained encoder, decoder and prior.
    latent_report_ : LatentReport
        Active units, what the codes cost and tell, and whether the posterior collapsed.
    classes_ : ndarray or None
        The labels, where the model is conditional.
    history_ : list of dict
        One entry an epoch: loss in nats per sample and per feature, its terms, seconds.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold; before any training starts.
    InvalidDataError
        If the rows cannot be learned from.
    TrainingDivergedError
        If the loss does not stay finite.

    References
    ----------
    D. P. Kingma and M. Welling (2014), arXiv:1312.6114; D. J. Rezende, S. Mohamed and D. Wierstra
    (2014), arXiv:1401.4082.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> X = load_digits().data / 16
    >>> model = VariationalAutoencoder(2, hidden=(32,), likelihood="bernoulli", epochs=20,
    ...                                random_state=0).fit(X)
    >>> model.transform(X).shape, model.sample(5, random_state=0).shape
    ((1797, 2), (5, 64))
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        hidden: tuple[int, ...] = (256, 64),
        activation: str = "relu",
        network: Any = None,
        likelihood: Any = 'gaussian(scale="learned")',
        posterior: Any = "diagonal_gaussian",
        prior: Any = "standard_normal",
        divergence: Any = "kullback_leibler",
        bound: Any = "evidence_lower_bound",
        conditional: bool = False,
        corruption: Any = None,
        scaler: str | None = None,
        epochs: float | None = None,
        batch_size: int | None = None,
        optimizer: Any = "muon",
        learning_rate: float | None = None,
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
        self.network = network
        self.likelihood = likelihood
        self.posterior = posterior
        self.prior = prior
        self.divergence = divergence
        self.bound = bound
        self.conditional = conditional
        self.corruption = corruption
        self.scaler = scaler
        self.epochs = epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.precision = precision
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.random_state = random_state
        self.device = device
        self.verbose = verbose

    # ----------------------------------------------------------------------- learning

    def _resolve(self, n_features: int) -> VariationalParts:
        return resolve_variational(self, n_features=n_features)

    def _build_network(
        self, parts: Any, generator: torch.Generator, *, rows: Tensor | None = None
    ) -> Network:
        n_features, n_classes = self.n_features_in_, self._n_classes
        network = build_network(
            parts,
            n_features=n_features,
            n_conditions=n_classes,
            n_code=parts.posterior.n_code(self.n_components),
            n_components=self.n_components,
            bottleneck=torch.nn.Identity(),
            generator=generator,
            rows=rows,
        )
        network.bottleneck = parts.posterior.build(self.n_components, generator=generator)
        # Where weights are loaded there are no rows to start from, and none are needed.
        seen = torch.zeros(1, n_features + n_classes) if rows is None else rows
        network.prior = parts.prior.build(self.n_components, generator=generator, rows=seen)
        critic = parts.divergence.build(self.n_components, generator=generator)
        if critic is not None:
            network.critic = critic
        return network

    def _objective(self, parts: Any, *, n_samples: int) -> Variational:
        return Variational(
            parts.likelihood,
            parts.divergence,
            parts.bound,
            n_samples=n_samples,
            n_conditions=self._n_classes,
        )

    def _beside_labels(self, rows: Tensor, y: Any, *, new: bool = False) -> Tensor:
        if new:
            self.classes_ = find_classes(y) if self.conditional else None
        return torch.cat([rows, one_hot_labels(y, self.classes_, n_rows=len(rows)).to(rows)], dim=1)

    @property
    def _n_classes(self) -> int:
        return 0 if self.classes_ is None else len(self.classes_)

    def _conclude(self, X: FloatArray, rows: Tensor) -> None:
        parts = self._resolve(self.n_features_in_)
        self._calibrate(parts, rows)
        self.latent_report_ = report_on_latents(self.network_, parts, rows)

    @torch.no_grad()
    def _calibrate(self, parts: VariationalParts, rows: Tensor) -> None:
        """Set what the likelihood has an optimum for to that over the rows, or many of them."""
        likelihood: Any = parts.likelihood
        if not getattr(likelihood, "calibrates", False):
            return
        network = self.network_
        rows = rows[:: max(1, len(rows) // _CALIBRATED_ON)]
        told, features = rows.to(next(network.parameters()).device), self.n_features_in_
        outputs = torch.cat(
            [
                network.decode(torch.cat([network.encode(part), part[:, features:]], dim=1))
                for part in told.split(_DECODED_AT_ONCE)
            ]
        )
        shared = likelihood.calibration(outputs, told[:, :features])
        assert isinstance(network.decoder, SharedOutputs)
        network.decoder.shared.copy_(shared)

    def diagnosis(self) -> str:
        """Return in words whether the posterior collapsed and what to try, or an empty text."""
        check_is_fitted(self)
        return self.latent_report_.diagnosis

    # ----------------------------------------------------------------------- using

    def transform(self, X: Any, y: Any = None) -> FloatArray:
        """Encode rows as the means of their posteriors.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, shape (n_samples,), a label for all, or None
            Labels, where the model is conditional.

        Returns
        -------
        ndarray, shape (n_samples, n_components)
            Codes, in the dtype of X; two calls give the same bits.
        """
        check_is_fitted(self)
        rows = check_rows(self, X, reset=False)
        return self._by_block(Network.encode, self._told(rows, y), precision=rows.dtype)

    def inverse_transform(self, X: Any, y: Any = None) -> FloatArray:
        """Decode codes to expected rows, in the units of the training data.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_components)
            Codes.
        y : array-like, shape (n_samples,), a label for all, or None
            Labels, where the model is conditional.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            The mean of the likelihood, in the dtype of the codes.
        """
        check_is_fitted(self)
        codes = check_codes(X, n_components=self.n_components)
        labels = one_hot_labels(y, self.classes_, n_rows=len(codes)).numpy().astype(codes.dtype)
        return self._decode(np.concatenate([codes, labels], axis=1))

    def reconstruct(self, X: Any, y: Any = None) -> FloatArray:
        """Encode rows and decode them again.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, shape (n_samples,), a label for all, or None
            Labels, where the model is conditional.

        Returns
        -------
        ndarray, shape (n_samples, n_features)
            What came back.
        """
        return self.inverse_transform(np.asarray(self.transform(X, y)), y)

    def score_samples(self, X: Any, y: Any = None) -> FloatArray:
        """Return the log-likelihood of each row given its posterior's mean.

        Nothing is drawn, so that two calls give the same: for the likelihood of the rows under the
        whole model see `log_likelihood`.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, shape (n_samples,), a label for all, or None
            Labels, where the model is conditional.

        Returns
        -------
        ndarray, shape (n_samples,)
            Nats per sample, of the scaled rows where there is a scaler; higher is better.
        """
        check_is_fitted(self)
        given = check_rows(self, X, reset=False)
        parts = self._resolve(self.n_features_in_)
        self._checked(given, parts)
        n_features, likelihood = self.n_features_in_, parts.likelihood

        def log_likelihood(network: Network, rows: Tensor) -> Tensor:
            codes = torch.cat([network.encode(rows), rows[:, n_features:]], dim=1)
            return -likelihood.negative_log_likelihood(network.decode(codes), rows[:, :n_features])

        scores = self._by_block(log_likelihood, self._told(given, y), precision=given.dtype)
        return scores.astype(np.float64, copy=False)

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean of `score_samples`; higher is better.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, shape (n_samples,), a label for all, or None
            Labels, where the model is conditional.

        Returns
        -------
        float
            Nats per sample.
        """
        return float(self.score_samples(X, y if self.conditional else None).mean())

    def sample_latent(
        self, X: Any, y: Any = None, *, n_draws: int = 1, random_state: Any = None
    ) -> FloatArray:
        """Draw codes from the posteriors of rows.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, shape (n_samples,), a label for all, or None
            Labels, where the model is conditional.
        n_draws : int
            Codes for each row.
        random_state : int, RandomState or None
            Where the draws come from.

        Returns
        -------
        ndarray, shape (n_draws, n_samples, n_components)
        """
        check_is_fitted(self)
        rows, generator = check_rows(self, X, reset=False), make_generator(random_state)
        k = check_integer("n_draws", n_draws, minimum=1)

        def draw(network: Network, told: Tensor) -> Tensor:
            posterior = network.bottleneck.distribution(network.encoder(told))
            return posterior.draw(k, generator=generator)[0].transpose(0, 1)

        codes = self._by_block(draw, self._told(rows, y), precision=rows.dtype)
        return np.ascontiguousarray(codes.swapaxes(0, 1))

    def losses(self, X: Any, y: Any = None, *, random_state: Any = None) -> dict[str, float]:
        """Return the terms of the training loss on rows, and their sum, with one draw of codes.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, shape (n_samples,), a label for all, or None
            Labels, where the model is conditional.
        random_state : int, RandomState or None
            Where the codes are drawn from.

        Returns
        -------
        dict of str to float
            "loss", "loss_per_feature" and each term by name, mean nats per sample.
        """
        check_is_fitted(self)
        given, generator = check_rows(self, X, reset=False), make_generator(random_state)
        parts = self._resolve(self.n_features_in_)
        rows = self._beside_labels(self._checked(given, parts), y)
        totals: dict[str, float] = {}
        with torch.no_grad():
            for part in rows.split(max(1, _DECODED_AT_ONCE // parts.bound.total_draws)):
                batch = self._batch(parts, part, generator)
                for name, term in parts.bound.terms(batch).items():
                    totals[name] = totals.get(name, 0.0) + float(term) * len(part) / len(rows)
        loss = sum(totals.values())
        return {"loss": loss, "loss_per_feature": loss / self.n_features_in_, **totals}

    def log_likelihood(
        self,
        X: Any,
        y: Any = None,
        *,
        n_samples: int = 100,
        random_state: Any = None,
        return_std: bool = False,
    ) -> Any:
        r"""Estimate the log-likelihood of each row under the whole model by importance sampling.

        .. math:: \log p(x) \approx \log \frac{1}{k} \sum_{i=1}^k
                  \frac{p(x \mid z_i)\, p(z_i)}{q(z_i \mid x)}

        which on average is below :math:`\log p(x)`, and rises to it with k. Source: Burda, Grosse
        and Salakhutdinov 2016, arXiv 1509.00519, section 3.

        Parameters
        ----------
        X : array-like, shape (n_samples, n_features)
            Rows.
        y : array-like, shape (n_samples,), a label for all, or None
            Labels, where the model is conditional.
        n_samples : int
            Draws for each row, :math:`k`.
        random_state : int, RandomState or None
            Where they come from.
        return_std : bool
            Whether to return each estimate's standard error too.

        Returns
        -------
        ndarray, shape (n_samples,), or a pair of them
            Nats per sample, of the scaled rows where there is a scaler; and the standard error,
            :math:`\text{std}(w) / (\bar w \sqrt k)`.

        Raises
        ------
        InvalidParameterError
            If the codes have no density.
        """
        check_is_fitted(self)
        given, generator = check_rows(self, X, reset=False), make_generator(random_state)
        k = check_integer("n_samples", n_samples, minimum=1)
        parts = self._resolve(self.n_features_in_)
        parts.require_density("log_likelihood")
        rows = self._beside_labels(self._checked(given, parts), y)
        estimates = []
        with torch.no_grad():
            for part in rows.split(max(1, _DECODED_AT_ONCE // k)):
                weights = self._log_weights(parts, part, k, generator).double().cpu()
                value = log_mean_exp(weights)
                shares = (weights - value).exp()
                error = shares.std(dim=0) / math.sqrt(k) if k > 1 else value * torch.nan
                estimates.append(torch.stack([value, error]))
        values, errors = torch.cat(estimates, dim=1).numpy()
        return (values, errors) if return_std else values

    def _log_weights(
        self, parts: VariationalParts, rows: Tensor, k: int, generator: torch.Generator
    ) -> Tensor:
        batch, found = self._batch(parts, rows, generator), []
        for start in range(0, k, _DECODED_AT_ONCE):
            seen = batch.draw(min(_DECODED_AT_ONCE, k - start))
            nats = batch.negative_log_likelihood(seen.codes)
            found.append(batch.log_weights(seen, nats))
        return torch.cat(found)

    def _batch(self, parts: VariationalParts, rows: Tensor, generator: torch.Generator) -> Batch:
        told, n_features = rows.to(next(self.network_.parameters()).device), self.n_features_in_
        return Batch(
            network=self.network_,
            inputs=told,
            features=told[:, :n_features],
            conditions=told[:, n_features:],
            likelihood=parts.likelihood,
            divergence=parts.divergence,
            n_samples=len(rows),
            generator=generator,
            step=None,
        )

    def _told(self, rows: FloatArray, y: Any) -> FloatArray:
        """Return scaled rows with their labels beside them, as the encoder reads them."""
        labels = one_hot_labels(y, self.classes_, n_rows=len(rows)).numpy().astype(rows.dtype)
        return np.concatenate([self._scale(rows), labels], axis=1)

    def sample(
        self, n: int = 1, *, from_: str = "prior", y: Any = None, random_state: Any = None
    ) -> FloatArray:
        """Draw codes from the prior, or from a fitted sampler, and decode them to expected rows.

        Parameters
        ----------
        n : int
            How many.
        from_ : {"prior", "mixture", "flow"}
            What is drawn from; the last two after `fit_sampler`.
        y : array-like, shape (n,), a label for all, or None
            Labels, where the model is conditional.
        random_state : int, RandomState or None
            Where the codes are drawn from.

        Returns
        -------
        ndarray, shape (n, n_features)
            In the units of the training data.

        Raises
        ------
        InvalidParameterError
            If the sampler has not been fitted.
        """
        check_is_fitted(self)
        codes = draw_codes(self, n, from_=from_, random_state=random_state)
        return self.inverse_transform(codes, y)
