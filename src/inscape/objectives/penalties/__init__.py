"""Penalties: what is held against a network while it is trained, besides the likelihood.

- `penalty`: the base that a penalty of your own extends
- `l1_activity`: the size of the codes
- `l2_activity`: half the squared length of the codes
- `kullback_leibler_sparsity`: how far each unit's mean activation is from a target
- `contractive`: how much the codes move when the rows do
- `decoder_gradient`: how much the reconstructions move when the codes do
- `weight_decay`: the squared size of the weights
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
