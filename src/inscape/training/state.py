"""The whole state of a training, and its form on disk.

A training that is loaded from this form goes on with the same bits as one that never stopped: it
holds the weights, the optimisers, the random generator, the history, and the best weights so far.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inscape.networks import Dropout, Network

Weights = dict[str, Tensor]


@dataclass
class TrainingState:
    """What changes while training; see `train`.

    Parameters
    ----------
    network : Network
        Its parameters are trained in place.
    optimizers : list of torch.optim.Optimizer
        They move the network's parameters.
    generator : torch.Generator
        Where the order of the data and every other draw comes from.
    step : int
        Finished steps.
    history : list of dict
        One entry before the first step, and one for each finished pass over the data.
    best_loss : float
        The lowest validation loss so far.
    best_weights : dict or None
        The weights at that loss, where early stopping asks for them.
    stale_epochs : int
        Epochs since then.
    corruption_seed : int
        What the noise on the inputs is drawn from, epoch by epoch.
    first_step, epochs_before : int, float
        Steps and passes of a training that came before this one, as that which finds the length.
    start_losses, held_losses : Tensor or None
        Of the rows held out to find the length: at the start, and at the best pass so far.
    best_epoch : float
        That pass.
    """

    network: Network
    optimizers: list[torch.optim.Optimizer]
    generator: torch.Generator
    step: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best_loss: float = float("inf")
    best_weights: Weights | None = None
    stale_epochs: int = 0
    corruption_seed: int = 0
    first_step: int = 0
    epochs_before: float = 0.0
    start_losses: Tensor | None = None
    held_losses: Tensor | None = None
    best_epoch: float = 0.0

    def __post_init__(self) -> None:
        for module in self.network.modules():
            if isinstance(module, Dropout):
                module.generator = self.generator

    def to_arrays(self) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Return the state as named arrays and metadata, the two parts of a safetensors file."""
        arrays = {f"weights/{k}": v for k, v in copy_weights(self.network).items()}
        for key, value in (self.best_weights or {}).items():
            arrays[f"best/{key}"] = value
        scalars: dict[str, Any] = {}
        for i, optimizer in enumerate(self.optimizers):
            for index, entries in optimizer.state_dict()["state"].items():
                for key, value in entries.items():
                    if isinstance(value, Tensor):
                        arrays[f"optimizer/{i}/{index}/{key}"] = value
                    else:
                        scalars[f"{i}/{index}/{key}"] = value
        arrays["generator"] = self.generator.get_state()
        for name, losses in (("start", self.start_losses), ("held", self.held_losses)):
            if losses is not None:
                arrays[f"losses/{name}"] = losses
        metadata = {
            "step": self.step,
            "history": self.history,
            "best_loss": None if self.best_weights is None else self.best_loss,
            "stale_epochs": self.stale_epochs,
            "corruption_seed": self.corruption_seed,
            "first_step": self.first_step,
            "epochs_before": self.epochs_before,
            "best_epoch": self.best_epoch,
            "optimizer_scalars": scalars,
        }
        return (
            {name: tensor.detach().cpu().numpy() for name, tensor in arrays.items()},
            {"state": json.dumps(metadata)},
        )

    def restore(self, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> None:
        """Go back, in place, to the state that `to_arrays` gave."""
        values = json.loads(metadata["state"])
        tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
        self.network.load_state_dict(_below("weights/", tensors))
        self.best_weights = _below("best/", tensors) or None
        self.best_loss = float("inf") if values["best_loss"] is None else values["best_loss"]
        self.step, self.stale_epochs = values["step"], values["stale_epochs"]
        self.history, self.corruption_seed = values["history"], values["corruption_seed"]
        # Format 1 knew of one pass alone.
        self.first_step = values.get("first_step", 0)
        self.epochs_before = values.get("epochs_before", 0.0)
        self.best_epoch = values.get("best_epoch", 0.0)
        self.start_losses = tensors.get("losses/start")
        self.held_losses = tensors.get("losses/held")
        self.generator.set_state(tensors["generator"])
        for i, optimizer in enumerate(self.optimizers):
            entries: dict[int, dict[str, Any]] = {}
            found = _below(f"optimizer/{i}/", tensors) | _below(
                f"{i}/", values["optimizer_scalars"]
            )
            for name, value in found.items():
                index, _, key = name.partition("/")
                entries.setdefault(int(index), {})[key] = value
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": entries, "param_groups": groups})


def copy_weights(network: Network) -> Weights:
    """Return a copy of all weights, by name."""
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def _below(prefix: str, items: Mapping[str, Any]) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in items.items() if k.startswith(prefix)}
