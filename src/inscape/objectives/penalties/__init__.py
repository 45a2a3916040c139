"""Penalties: what is held against a network while it is trained, besides the likelihood.

| file | what lives there |
|---|---|
| `contractive` | the contractive penalty: codes that move little when the input does |
| `decoder_gradient` | the gradient penalty of the decoder |
| `kullback_leibler_sparsity` | the Kullback-Leibler penalty of the sparse autoencoder |
| `l1_activity` | the L1 penalty of the codes: sparse codes by a price on their size |
| `l2_activity` | the L2 penalty of the codes: a price on codes far from 0 |
| `penalty` | the base of every penalty |
| `weight_decay` | the L2 penalty of the weights |
"""

from inscape._parts import Family
from inscape.objectives.penalties.contractive import Contractive
from inscape.objectives.penalties.decoder_gradient import DecoderGradient
from inscape.objectives.penalties.kullback_leibler_sparsity import KullbackLeiblerSparsity
from inscape.objectives.penalties.l1_activity import L1Activity
from inscape.objectives.penalties.l2_activity import L2Activity
from inscape.objectives.penalties.penalty import Penalty
from inscape.objectives.penalties.weight_decay import WeightDecay

PENALTIES = Family(
    Penalty,
    {
        "l1_activity": L1Activity,
        "l2_activity": L2Activity,
        "kullback_leibler_sparsity": KullbackLeiblerSparsity,
        "contractive": Contractive,
        "decoder_gradient": DecoderGradient,
        "weight_decay": WeightDecay,
    },
)

__all__ = [
    "PENALTIES",
    "Contractive",
    "DecoderGradient",
    "KullbackLeiblerSparsity",
    "L1Activity",
    "L2Activity",
    "Penalty",
    "WeightDecay",
]
