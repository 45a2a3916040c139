"""Recipes: published experiments, each with its protocol and the numbers that its source reports.

A recipe is a module: what differs from paper to paper, and not how to run it.

=============  ===================================================================================
``DATA``       the name of its dataset; None where it makes its own
``TITLE``      of its report
``LEAD``       the report's first words: the protocol, and what in it is not the source's
``N_STEPS``    how many names ``run`` yields
``run``        adds results and figures to a `Reproduction`, and yields the name of each step when
               it is done
``QUICK_ROWS`` rows to train and to test on in the quick form, where they are not the usual ones
=============  ===================================================================================

Names are loaded when they are first used: the command line lists recipes without loading torch.

| file | what lives there |
|---|---|
| `adbench` | five tables of ADBench |
| `burgess_mnist` | a convolutional beta-VAE of MNIST at 32 x 32 pixels |
| `cae_fashion` | a convolutional autoencoder of Fashion-MNIST |
| `chainer_seven_cases` | seven autoencoders of one hidden layer |
| `dec` | deep embedded clustering, and the graph of neighbours without it |
| `deep_linear_networks` | neuromatch Academy, *Deep linear neural networks* |
| `hinton_2006` | hinton and Salakhutdinov 2006 |
| `iwae` | importance-weighted autoencoders |
| `keras_deep_ae` | a deep autoencoder of seven layers with 32 and with 2 units |
| `keras_vae` | the first variational autoencoder of most tutorials |
| `label_efficiency` | how few labels are enough |
| `mnist_cognitive_tasks` | neuromatch Academy, *Autoencoders applications* |
| `neuromatch_autoencoders` | neuromatch Academy, *Introduction to autoencoders* |
| `one_class` | each class as the normal one |
| `reproduction` | run a recipe into a directory: results.json, figures, a page |
| `results` | what a recipe finds: a measured number beside the one that is expected |
| `zoo` | every model of the zoo on the same rows: one table, and samples of each as a picture |
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inscape.recipes.reproduction import Reproduction, reproduce
    from inscape.recipes.results import Result

# Name to the module that runs it.
RECIPES: Mapping[str, str] = {
    "neuromatch-autoencoders": "inscape.recipes.neuromatch_autoencoders",
    "deep-linear-networks": "inscape.recipes.deep_linear_networks",
    "chainer-seven-cases": "inscape.recipes.chainer_seven_cases",
    "keras-deep-ae": "inscape.recipes.keras_deep_ae",
    "mnist-cognitive-tasks": "inscape.recipes.mnist_cognitive_tasks",
    "cae-fashion": "inscape.recipes.cae_fashion",
    "hinton-2006": "inscape.recipes.hinton_2006",
    "zoo": "inscape.recipes.zoo",
    "keras-vae": "inscape.recipes.keras_vae",
    "burgess-mnist": "inscape.recipes.burgess_mnist",
    "iwae": "inscape.recipes.iwae",
    "adbench": "inscape.recipes.adbench",
    "one-class": "inscape.recipes.one_class",
    "label-efficiency": "inscape.recipes.label_efficiency",
    "dec": "inscape.recipes.dec",
}
_NAMES = {"Reproduction": "reproduction", "Result": "results", "reproduce": "reproduction"}

__all__ = ["RECIPES", "Reproduction", "Result", "reproduce"]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(f"inscape.recipes.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'inscape.recipes' has no attribute {name!r}")
