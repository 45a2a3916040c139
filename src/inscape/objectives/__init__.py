"""Objectives: what is minimised, each a small immutable part; all in nats.

| file | what lives there |
|---|---|
| `bounds` | bounds: how draws from the posterior become one number below the log-likelihood |
| `divergences` | divergences: what is held against codes that stray from the prior |
| `latent_pass` | what a batch became on its way through a variational network |
| `likelihoods` | likelihoods: what turns a decoder's outputs into a distribution over rows |
| `penalties` | penalties |
| `posteriors` | posteriors: distributions over codes that the encoder gives the parameters of |
| `priors` | priors: what codes are like before anything is seen |
| `reconstruction` | the autoencoder's objective |
| `schedules` | how the weight of a divergence grows with the steps of training |
| `spaces` | spaces: where codes live, and the way from there to flat space and back |
| `variational` | the variational objective |
"""

from inscape.objectives import (
    bounds,
    divergences,
    likelihoods,
    penalties,
    posteriors,
    priors,
    spaces,
)
from inscape.objectives.bounds import *
from inscape.objectives.divergences import *
from inscape.objectives.likelihoods import *
from inscape.objectives.penalties import *
from inscape.objectives.posteriors import *
from inscape.objectives.priors import *
from inscape.objectives.reconstruction import Reconstruction
from inscape.objectives.schedules import (
    SCHEDULES,
    AnnealingSchedule,
    CyclicalAnnealing,
    LinearWarmUp,
)
from inscape.objectives.spaces import *
from inscape.objectives.variational import Batch, Variational

# Whatever a sub-room exports is exported here too: a new part has one line, in its own room.
__all__ = [
    "SCHEDULES",
    "AnnealingSchedule",
    "Batch",
    "CyclicalAnnealing",
    "LinearWarmUp",
    "Reconstruction",
    "Variational",
]
__all__ += bounds.__all__
__all__ += divergences.__all__
__all__ += likelihoods.__all__
__all__ += penalties.__all__
__all__ += posteriors.__all__
__all__ += priors.__all__
__all__ += spaces.__all__
