"""Estimators: the thin scikit-learn face over network, objective and loop."""

from inscape.estimators.autoencoder import Autoencoder, DeadUnitWarning
from inscape.estimators.latent_report import LatentReport
from inscape.estimators.persistence import load
from inscape.estimators.variational_autoencoder import VariationalAutoencoder

__all__ = ["Autoencoder", "DeadUnitWarning", "LatentReport", "VariationalAutoencoder", "load"]
