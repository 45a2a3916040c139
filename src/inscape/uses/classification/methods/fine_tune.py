"""The encoder with a linear layer behind it, trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from inscape._checks import check_flag, check_number
from inscape._typing import FloatArray, IntArray
from inscape.estimators.inputs import as_tensor, check_rows
from inscape.networks import Examples, Network
from inscape.training import Adam, Plan, TrainingState, train
from inscape.uses.classification.methods.method import ClassificationMethod, LabelledRows
from inscape.uses.classification.methods.probe import ProbeFitted, fit_logistic, standardise
from inscape.uses.representations import watched
from inscape.uses.standard import Standard

_STEPS, _BATCH_SIZE = 600, 128
_FEWEST_EPOCHS, _MOST_EPOCHS = 10, 100


@dataclass(frozen=True)
class FineTune(ClassificationMethod):
    """The encoder with a linear layer behind its codes, trained on to tell the labels.

    The layer starts as the probe (see `Probe`): from a layer at random the first steps would spoil
    what the encoder has learned (Kumar et al. 2022, "Fine-tuning can distort pretrained features
    and underperform out-of-distribution"). The encoder is a copy; the representation that was given
    stays as it was. It works as after training, without dropout and with the batch statistics that
    it has: those of a few rows tell nothing.

    Parameters
    ----------
    frozen : bool
        Whether the encoder stays as it is, and the layer alone is trained.
    epochs : float or None
        Passes over the rows that have a label; None is 600 steps, in at least 10 and at most 100.
    learning_rate : float
        Of Adam, falling to 0.
    """

    frozen: bool = False
    epochs: float | None = None
    learning_rate: float = 1e-3
    trains_encoder: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_flag("frozen", self.frozen)
        if self.epochs is not None:
            check_number("epochs", self.epochs, above=0)
        check_number("learning_rate", self.learning_rate, above=0)

    def fit(self, rows: LabelledRows) -> FineTuneFitted:
        """Train a copy of the encoder."""
        known = rows.known
        # In the order of columns in which the representation was fitted.
        learned = check_rows(rows.representation, rows.take(known), reset=False)
        encoder = rows.representation.encoder_module()
        standard = standardise(rows.codes)
        start = fit_logistic(
            standard.apply(rows.codes[known]), rows.places[known], strength=None, seed=rows.seed
        )
        classifier = EncoderClassifier(encoder, standard, *start)
        encoder.requires_grad_(not self.frozen)
        self.train(classifier, learned, rows.places[known], seed=rows.seed, verbose=rows.verbose)
        tuned = rows.representation.with_encoder(classifier.encoder)
        return FineTuneFitted(tuned, standard, *classifier.layer())

    def train(
        self,
        classifier: EncoderClassifier,
        X: FloatArray,
        places: IntArray,
        *,
        seed: int,
        verbose: bool = False,
    ) -> None:
        """Train a classifier in place.

        Parameters
        ----------
        classifier : EncoderClassifier
            Of rows.
        X : ndarray, shape (n_samples, n_features)
            Rows that have a label.
        places : ndarray of int, shape (n_samples,)
            Of their classes.
        seed : int
            Of the order of the rows.
        verbose : bool
            Whether to draw a progress bar on a terminal.
        """
        features = as_tensor(X, dtype=torch.float64 if X.dtype == np.float64 else torch.float32)
        labels = one_hot(torch.from_numpy(places), classifier.head.out_features).float()
        batch_size = min(_BATCH_SIZE, len(X))
        optimizer = Adam(schedule="linear")
        plan = Plan(
            epochs=_choose_epochs(len(X), batch_size) if self.epochs is None else self.epochs,
            batch_size=batch_size,
            optimizer=optimizer,
        )
        network = Network(classifier, nn.Identity(), nn.Identity())
        state = TrainingState(
            network,
            optimizer.build(network, learning_rate=self.learning_rate),
            torch.Generator().manual_seed(seed),
        )
        examples = Examples(features, labels).to(classifier.head.weight.device)
        reports = train(state, _Labels(X.shape[1]), plan, examples=examples)
        for _ in watched(reports, state, label=type(self).__name__, verbose=verbose):
            pass


def _choose_epochs(n_samples: int, batch_size: int) -> int:
    epochs = math.ceil(_STEPS * batch_size / n_samples)
    return min(max(epochs, _FEWEST_EPOCHS), _MOST_EPOCHS)


class EncoderClassifier(nn.Module):
    """From rows to a number for each class, whose differences are logarithms of odds.

    Parameters
    ----------
    encoder : nn.Module
        Rows (n, n_features) to codes (n, n_components), such as an estimator's `encoder_module`.
    standard : Standard
        Of codes.
    weights : ndarray, shape (n_classes, n_components)
        Where the linear layer starts.
    intercepts : ndarray, shape (n_classes,)
        The same.
    """

    mean: Tensor
    spread: Tensor

    def __init__(
        self, encoder: nn.Module, standard: Standard, weights: FloatArray, intercepts: FloatArray
    ) -> None:
        super().__init__()
        self.encoder = encoder
        # Drawn weights would come from torch's global generator.
        self.head: Any = nn.utils.skip_init(nn.Linear, weights.shape[1], weights.shape[0])
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(weights))
            self.head.bias.copy_(torch.from_numpy(intercepts))
        self.register_buffer("mean", torch.from_numpy(standard.mean))
        self.register_buffer("spread", torch.from_numpy(standard.spread))
        self.to(next(encoder.parameters()).device)

    def forward(self, rows: Tensor) -> Tensor:
        """Return numbers (n, n_classes) of rows (n, n_features)."""
        codes = (self.encoder(rows).double() - self.mean) / self.spread
        return self.head(codes.to(self.head.weight.dtype))

    def train(self, mode: bool = True) -> EncoderClassifier:
        """Leave the encoder as it works after training."""
        super().train(mode)
        self.encoder.eval()
        return self

    def layer(self) -> tuple[FloatArray, FloatArray]:
        """Return weights and intercepts of the linear layer, float64."""
        weights, intercepts = self.head.weight.detach(), self.head.bias.detach()
        return weights.double().cpu().numpy(), intercepts.double().cpu().numpy()


@dataclass(frozen=True, eq=False)
class FineTuneFitted(ProbeFitted):
    """The encoder that was trained on, as a representation, and the layer behind its codes."""


@dataclass(frozen=True, eq=False)
class _Labels:
    """The objective: the cross-entropy of labels, which are told beside the rows."""

    # The loop takes the nats of a row over its features, and a label has none.
    n_features: int

    def terms(
        self, network: Network, inputs: Tensor, examples: Examples, **options: Any
    ) -> dict[str, Tensor]:
        loss = cross_entropy(network.encode(inputs), _labels(examples))
        return {"cross_entropy": loss * self.n_features}

    def watch(self, network: Network, examples: Examples) -> tuple[Tensor, Tensor]:
        logits = network.encode(examples.features)
        return logits, (logits.softmax(dim=1) - _labels(examples)).square()

    def losses(self, network: Network, examples: Examples, *, generator: torch.Generator) -> Tensor:
        logits = network.encode(examples.features)
        return cross_entropy(logits, _labels(examples), reduction="none") * self.n_features

    def nats(self, loss: float) -> float:
        return loss / self.n_features

    def in_nats(self, terms: Mapping[str, float]) -> dict[str, float]:
        return {name: value / self.n_features for name, value in terms.items()}


def _labels(examples: Examples) -> Tensor:
    assert examples.conditions is not None
    return examples.conditions
