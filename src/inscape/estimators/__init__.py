"""Estimators: the thin scikit-learn face over network, objective and loop.

- `base`: what every estimator can do: learn, encode, decode, score, draw, save
- `autoencoder`, `variational_autoencoder`: their options, and what is their own
- `options`: what options stand for, and a plan that suits the data's size
- `building`: a network as its likelihood needs it; `layers`: greedy pretraining
- `inputs`: what comes in at the public door; `conditions`: what a conditional model is told
- `given`: a conditional estimator with what it is told bound once
- `decoding`: the decoder as a function through which gradients go
- `samplers`: densities of codes, fitted after training
- `latent_report`: what is told of a latent space
- `persistence`, `loading`: on disk and back; `format_1`: models written before
"""

from inscape.estimators.autoencoder import Autoencoder, DeadUnitWarning
from inscape.estimators.given import Given
from inscape.estimators.latent_report import LatentReport
from inscape.estimators.loading import load
from inscape.estimators.variational_autoencoder import VariationalAutoencoder

__all__ = [
    "Autoencoder",
    "DeadUnitWarning",
    "Given",
    "LatentReport",
    "VariationalAutoencoder",
    "load",
]
