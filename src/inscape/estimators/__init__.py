"""Estimators: the thin scikit-learn face over network, objective and loop.

| file | what lives there |
|---|---|
| `activations` | what a layer of a network gives for rows, found by the name of the layer |
| `autoencoder` | the autoencoder: its options, and what is its own |
| `base` | what every estimator can do: learn, encode, decode, score, draw, save |
| `building` | a network as its likelihood needs it |
| `conditions` | what a conditional model is told beside the rows: labels, or numbers |
| `exact_modules` | modules of what was measured, whose digits stay whatever the precision |
| `faults` | what may be wrong with a fit, each in one sentence with its remedy |
| `format_1` | models of format 1, read with the meanings that they were written with |
| `frame` | the frame in which a network works |
| `given` | a conditional estimator with what it is told bound once: a plain representation |
| `inputs` | what comes in at the public door |
| `latent_report` | what is told of a latent space after a fit |
| `layers` | greedy pretraining, layer by layer, of a dense network |
| `linear_start` | where a linear path starts: PCA, or probabilistic PCA under a prior |
| `loading` | make a saved estimator again |
| `opening` | whatever holds rows, opened: frames, mappings, what `inscape.data.load` returns |
| `options` | what options stand for, and a plan that suits the data's size |
| `persistence` | estimators on disk |
| `plain_modules` | encoder and decoder as plain modules, in the units of the data |
| `proposals` | where codes are drawn from for a likelihood that the posterior's draws miss |
| `samplers` | densities of codes, fitted after training, to draw new ones from |
| `starting` | training from a start that is good already, which no training may fall behind |
| `symbols` | a density of the symbols that quantised codes are, each given those before it |
| `units` | how rows come to a network and go back: scaler, frame, and what its nats are worth |
| `variational_autoencoder` | the variational autoencoder: its options, and what is its own |
| `weighing` | what each row counts: weights checked, and who knows of none |
"""

from inscape.estimators.autoencoder import Autoencoder, DeadUnitWarning
from inscape.estimators.given import Given
from inscape.estimators.latent_report import LatentReport
from inscape.estimators.variational_autoencoder import VariationalAutoencoder

__all__ = [
    "Autoencoder",
    "DeadUnitWarning",
    "Given",
    "LatentReport",
    "VariationalAutoencoder",
]
