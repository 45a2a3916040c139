"""One library in a process of its own: `python -m benchmarks.peer NAME --data DIR --epochs N`.

Every entry trains 784-32-784 (ReLU, sigmoid, squared error; Adam 1e-3, batch 64) by the library's
public `fit`, as its documentation says, and returns what reconstructs rows. The last line of the
output is JSON. This file imports no more than NumPy before it knows which library is asked
for, and nothing of ours for a library of others.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Stopwatch

Reconstruct = Callable[[np.ndarray], np.ndarray]


def fit_skorch(X: np.ndarray, epochs: int) -> Reconstruct:
    """Train a module with `NeuralNetRegressor`."""
    import torch
    from skorch import NeuralNetRegressor

    net = NeuralNetRegressor(
        _torch_module,
        criterion=torch.nn.MSELoss,
        optimizer=torch.optim.Adam,
        lr=1e-3,
        batch_size=64,
        max_epochs=epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    return net.fit(X, X).predict


def fit_pyod(X: np.ndarray, epochs: int) -> Reconstruct:
    """Train PyOD's AutoEncoder; its output is linear, and its `fit` scores the rows at the end."""
    import torch
    from pyod.models.auto_encoder import AutoEncoder

    model = AutoEncoder(
        preprocessing=False,
        lr=1e-3,
        epoch_num=epochs,
        batch_size=64,
        optimizer_params={},
        hidden_neuron_list=[32],
        batch_norm=False,
        dropout_rate=0.0,
        device="cpu",
        verbose=0,
    ).fit(X)

    @torch.no_grad()
    def reconstruct(rows: np.ndarray) -> np.ndarray:
        return model.model(torch.from_numpy(rows)).numpy()

    return reconstruct


def fit_pythae(X: np.ndarray, epochs: int) -> Reconstruct:
    """Train pythae's AE with an encoder and a decoder of our shapes."""
    import torch
    from pythae.models import AE, AEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.pipelines import TrainingPipeline
    from pythae.trainers import BaseTrainerConfig

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.Linear(784, 32), torch.nn.ReLU())

        def forward(self, x: Any) -> Any:
            return ModelOutput(embedding=self.layers(x))

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.layers = torch.nn.Sequential(torch.nn.Linear(32, 784), torch.nn.Sigmoid())

        def forward(self, z: Any) -> Any:
            return ModelOutput(reconstruction=self.layers(z))

    logging.disable(logging.INFO)
    model = AE(AEConfig(input_dim=(784,), latent_dim=32), Encoder(), Decoder())
    with tempfile.TemporaryDirectory() as folder:
        training = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=epochs,
            learning_rate=1e-3,
            per_device_train_batch_size=64,
            no_cuda=True,
        )
        TrainingPipeline(model=model, training_config=training)(train_data=X)
    return lambda rows: model.reconstruct(torch.from_numpy(rows)).detach().numpy()


def fit_keras_jax(X: np.ndarray, epochs: int) -> Reconstruct:
    """Train a Keras Sequential on JAX; its compilation is part of `fit`."""
    import keras

    assert keras.backend.backend() == "jax"
    model = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(784, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mse")
    model.fit(X, X, batch_size=64, epochs=epochs, verbose=0)
    return lambda rows: model.predict(rows, batch_size=4096, verbose=0)


def fit_textbook(X: np.ndarray, epochs: int) -> Reconstruct:
    """Train by the textbook loop."""
    import torch

    from benchmarks import textbook

    net = textbook.sequential((784, 32, 784))
    for _ in textbook.train(
        net, torch.nn.MSELoss(), torch.from_numpy(X), epochs=epochs, batch_size=64
    ):
        pass
    return lambda rows: net(torch.from_numpy(rows)).detach().numpy()


def fit_inscape(X: np.ndarray, epochs: int) -> Reconstruct:
    """Train ours with the protocol of the others."""
    from benchmarks.shallow import SAME_PROTOCOL
    from inscape import Autoencoder

    return Autoencoder(**SAME_PROTOCOL, epochs=epochs).fit(X).reconstruct


def fit_inscape_defaults(X: np.ndarray, epochs: int) -> Reconstruct:
    """Train ours as the headline of `shallow` does, whatever the number of epochs."""
    from benchmarks.shallow import HEADLINE, NET
    from inscape import Autoencoder

    return Autoencoder(**NET, **HEADLINE).fit(X).reconstruct


def fit_inscape_longer(X: np.ndarray, epochs: int) -> Reconstruct:
    """Train ours with its defaults to the error of the best peer, whatever the epochs."""
    from benchmarks.shallow import LONGER, NET
    from inscape import Autoencoder

    return Autoencoder(**NET, **LONGER).fit(X).reconstruct


def _torch_module() -> Any:
    from benchmarks.textbook import sequential

    return sequential((784, 32, 784))


# What to call, and whose version to print.
PEERS: dict[str, tuple[Callable[[np.ndarray, int], Reconstruct], str]] = {
    "skorch": (fit_skorch, "skorch"),
    "pyod": (fit_pyod, "pyod"),
    "pythae": (fit_pythae, "pythae"),
    "keras-jax": (fit_keras_jax, "keras"),
    "textbook": (fit_textbook, "torch"),
    "inscape, same protocol": (fit_inscape, "inscape"),
    "inscape, defaults": (fit_inscape_defaults, "inscape"),
    "inscape, longer": (fit_inscape_longer, "inscape"),
}


def main() -> None:
    """Warm up on a few rows, train, and print seconds, error and version as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=PEERS)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    options = parser.parse_args()
    X, test = np.load(options.data / "train.npy"), np.load(options.data / "test.npy")
    fit, package = PEERS[options.name]
    fit(X[:640], 1)
    clock = Stopwatch()
    with clock.running():
        reconstruct = fit(X, options.epochs)
    error = float(np.square(reconstruct(test) - test).mean())
    result = {"seconds": clock.seconds, "core": clock.share, "error": error}
    print(json.dumps(result | {"version": f"{package} {version(package)}"}))


if __name__ == "__main__":
    main()
