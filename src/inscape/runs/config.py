"""What a fit was asked for, as plain data: the command line's options and a run's config.toml."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from inscape._checks import did_you_mean
from inscape._errors import DamagedFileError, DataNotFoundError, InvalidParameterError
from inscape._typing import (
    ActivationName,
    BiasName,
    InitializationName,
    LikelihoodName,
    LinkName,
    OptimizerName,
    ScalerName,
    ScheduleName,
)


@dataclass(frozen=True)
class FitConfig:
    """Everything that a fit is asked for.

    Parameters
    ----------
    data : str
        A named data set (see `inscape datasets`), or a .npy, .npz, .csv or .parquet file, or a
        folder of images.
    n_components : int
        Width of the code.
    hidden : tuple of int
        Widths of the encoder's hidden layers, such as 256,64; "" is the shallow autoencoder.
    activation : str
        After each hidden layer.
    bottleneck : str
        Activation of the code.
    initialization : str
        Of the weights.
    bias : str
        Whether biases start from the mean row.
    likelihood : str
        "gaussian" is squared error; the others are cross-entropies for data in [0, 1].
    link : str
        How the gaussian's mean comes from the decoder's output.
    scaler : str
        Fitted on the training rows, inverted on decode.
    epochs : float
        Passes over the data; left out, as many as bring a good map soon.
    batch_size : int
        Rows in a step; left out, 256, or down to 32 where the rows are few.
    optimizer : str
        What moves the weights.
    learning_rate : float
        Left out, the optimiser's own default.
    schedule : str
        How the learning rate falls; left out, the optimiser's own default.
    validation_fraction : float
        Share of the training rows held out to measure the loss after each epoch.
    patience : int
        Epochs without a lower validation loss after which training stops.
    random_state : int
        Seed of every draw.
    device : str
        "auto" takes a GPU where there is one.
    target : str
        The column of a table that holds the labels.
    test_fraction : float
        Share of the rows kept for testing, where the data have no test part of their own.
    """

    data: str = "mnist"
    n_components: int = 2
    hidden: tuple[int, ...] = (256, 64)
    activation: ActivationName = "relu"
    bottleneck: ActivationName = "identity"
    initialization: InitializationName = "torch_default"
    bias: BiasName = "data_mean"
    likelihood: LikelihoodName = "gaussian"
    link: LinkName = "identity"
    scaler: ScalerName | None = None
    epochs: float | None = None
    batch_size: int | None = None
    optimizer: OptimizerName = "muon"
    learning_rate: float | None = None
    schedule: ScheduleName | None = None
    validation_fraction: float = 0.0
    patience: int | None = None
    random_state: int = 0
    device: str = "auto"
    target: str | None = None
    test_fraction: float = 0.2

    def to_toml(self) -> str:
        """Return the text of a config file that asks for the same."""
        values = {k: v for k, v in dataclasses.asdict(self).items() if v is not None}
        return tomli_w.dumps(values)

    def estimator_parameters(self) -> dict[str, Any]:
        """Return the options of the `Autoencoder` that this config stands for."""
        likelihood: dict[str, Any] = {"type": self.likelihood}
        if self.likelihood == "gaussian":
            likelihood["link"] = self.link
        elif self.link != "identity":
            raise InvalidParameterError(
                f"`link` must be left out for the {self.likelihood} likelihood, whose link is "
                f"fixed; got {self.link!r}."
            )
        optimizer: dict[str, Any] = {"type": self.optimizer}
        if self.schedule is not None:
            optimizer["schedule"] = self.schedule
        network = {
            "type": "dense",
            "hidden": self.hidden,
            "activation": self.activation,
            "initialization": self.initialization,
            "bias": self.bias,
        }
        direct = (
            "n_components bottleneck scaler epochs batch_size learning_rate validation_fraction "
            "patience random_state device"
        )
        return {
            "network": network,
            "likelihood": likelihood,
            "optimizer": optimizer,
            **{name: getattr(self, name) for name in direct.split()},
        }


def read_config(path: Path) -> FitConfig:
    """Read a config file.

    Raises
    ------
    DataNotFoundError
        If it is not there.
    DamagedFileError
        If it is not TOML.
    InvalidParameterError
        If it holds a key that there is not.
    """
    try:
        values: Mapping[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataNotFoundError(
            f"{path} must be a config file; there is none: check the path."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DamagedFileError(f"{path} must be a TOML file; {error}: mend that line.") from error
    known = [field.name for field in dataclasses.fields(FitConfig)]
    for key in values:
        if key not in known:
            raise InvalidParameterError(
                f"{path} must hold known options only; got {key!r}.{did_you_mean(key, known)}"
            )
    options: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }
    return FitConfig(**options)
