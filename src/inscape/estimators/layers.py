"""Greedy pretraining, layer by layer, of a dense network: the stacked autoencoder's first half."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor, nn

from inscape.estimators.options import AutoencoderParts
from inscape.estimators.units import Units
from inscape.networks import Dense, Examples, Network
from inscape.objectives import Gaussian, Reconstruction
from inscape.training import Plan, TrainingState, train


def train_layers(
    network: Network,
    parts: AutoencoderParts,
    units: Units,
    objective: Reconstruction,
    plan: Plan,
    X: Tensor,
    epochs: float,
    generator: torch.Generator,
) -> None:
    """Train each encoder layer with the decoder layer that undoes it, in place, outermost first.

    A pair learns to give back what the layers before it make of the rows. The outermost pair is
    trained with the estimator's own likelihood, corruption and penalties, those inside on squared
    error: their values have no other scale.

    Source: Bengio, Lamblin, Popovici and Larochelle 2007, "Greedy layer-wise training of deep
    networks", NIPS 19; with corruption Vincent et al. 2010, Journal of Machine Learning Research
    11.

    Parameters
    ----------
    network : Network
        Built by `Dense`.
    parts : AutoencoderParts
        The estimator's.
    units : Units
        Those of the rows.
    objective : Reconstruction
        That of the whole training, by which the outermost pair is trained.
    plan : Plan
        That of the whole training, whose batches and optimiser are used here too.
    X : Tensor, shape (n_samples, n_features)
        Training rows.
    epochs : float
        Passes for each pair.
    generator : torch.Generator
        Where every draw comes from.
    """
    plan = dataclasses.replace(plan, epochs=epochs, patience=None)
    n_steps = plan.n_steps(len(X))
    rate = parts.optimizer.default_learning_rate(batch_size=plan.batch_size, n_steps=n_steps)
    pairs = Dense.layer_pairs(network)
    corruption = units.corruption(parts.corruption)
    for place, (down, up) in enumerate(pairs):
        innermost = place == len(pairs) - 1
        pair = Network(down, network.bottleneck if innermost else nn.Identity(), up).train()
        optimizers = parts.optimizer.build(pair, learning_rate=rate)
        seed = int(torch.randint(2**31, (), generator=generator))
        state = TrainingState(pair, optimizers, generator, corruption_seed=seed)
        for _ in train(state, objective, plan, examples=Examples(X), corruption=corruption):
            pass
        objective, corruption = Reconstruction(Gaussian(), n_steps=n_steps), None
        with torch.no_grad():
            X = pair.eval().encode(X)
    network.train()
