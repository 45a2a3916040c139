"""Whether each unit tells of one known factor, and each factor is told by one unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import entropy
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import balanced_accuracy_score, mutual_info_score
from sklearn.tree import DecisionTreeClassifier

from inscape._checks import check_generator, check_integer, check_matrix, check_same_rows
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray, IntArray

# The settings of Eastwood and Williams are searched for; these are scikit-learn's, and fewer trees.
_TREES = 50
# One row of so many judges what the others taught.
_JUDGED = 4


@dataclass(frozen=True, eq=False, repr=False)
class Disentanglement:
    r"""How units and known factors belong together, by six measures from 0 to 1.

    Parameters
    ----------
    mutual_information_gap : float
        Mean over factors: how much more the best unit tells than the second, as a share of the
        factor's entropy (MIG).
    modularity : float
        Mean over units: 1 where a unit tells of one factor alone.
    attribute_predictability : float
        Mean over factors: how much better the best unit alone predicts than the second (SAP).
    disentanglement, completeness, informativeness : float
        Of random forests that predict each factor from all units (DCI): whether a unit matters to
        one factor alone, whether one unit alone matters to a factor, and how well the forests
        predict other rows: accuracy beyond chance, or :math:`R^2`.
    mutual_information : ndarray, shape (n_components, n_factors)
        In nats.
    importance : ndarray, shape (n_components, n_factors)
        Of each unit to the forest of each factor; columns sum to 1, or are 0 where no unit matters.
    """

    mutual_information_gap: float
    modularity: float
    attribute_predictability: float
    disentanglement: float
    completeness: float
    informativeness: float
    mutual_information: FloatArray
    importance: FloatArray

    def __repr__(self) -> str:
        return (
            f"mutual information gap    {self.mutual_information_gap:.3f}\n"
            f"modularity                {self.modularity:.3f}\n"
            f"attribute predictability  {self.attribute_predictability:.3f}\n"
            f"disentanglement           {self.disentanglement:.3f}\n"
            f"completeness              {self.completeness:.3f}\n"
            f"informativeness           {self.informativeness:.3f}"
        )


def disentanglement(
    Z: Any,
    factors: Any,
    *,
    n_bins: int = 20,
    random_state: int | np.random.Generator | None = None,
) -> Disentanglement:
    r"""Return how the units of codes and the known factors of the rows belong together.

    With the mutual information :math:`I_{jf}` of unit j, in bins, and factor f, the importance
    :math:`R_{jf}` of unit j to the forest that predicts factor f, and sorted units (1), (2):

    .. math::

        \text{MIG} = \frac{1}{F} \sum_f \frac{I_{(1)f} - I_{(2)f}}{H(v_f)}, \qquad
        \text{modularity} = \frac{1}{|A|} \sum_{j \in A} \Big( 1 -
            \frac{\sum_{f \ne f_j} I_{jf}^2}{(F - 1) \max_f I_{jf}^2} \Big), \qquad
        D = \sum_j \frac{\sum_f R_{jf}}{\sum_{jf} R_{jf}}
            \big( 1 - H_F(R_{j \cdot}) \big)

    over the units A that tell anything, with the entropy :math:`H_F` of a row scaled to sum 1, to
    the base F. Completeness is the mean over factors of :math:`1 - H_J(R_{\cdot f})`. SAP is the
    mean gap of the two units that predict a factor best alone: for numbers by the squared
    correlation, for words and truth values by the balanced accuracy, beyond chance, of a decision
    tree with a leaf for each.

    Parameters
    ----------
    Z : array-like, shape (n_samples, n_components)
        Codes, two units at least.
    factors : array-like, shape (n_samples, n_factors)
        What the rows were made from, two factors at least: a frame, or an array, of numbers, words
        or truth values.
    n_bins : int, default 20
        Bins of even width between the smallest and largest value, for each unit, and for a factor
        of more different numbers than that. Many bins of few rows tell of what is not there.
    random_state : int, numpy.random.Generator or None, default None
        For the forests; None takes others each time.

    Returns
    -------
    Disentanglement

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.
    InvalidDataError
        If Z is no finite matrix, or a factor is constant, or has missing values.

    Notes
    -----
    Chen, Li, Grosse and Duvenaud 2018, arXiv 1802.04942 (MIG); Ridgeway and Mozer 2018, arXiv
    1802.05312 (modularity); Kumar, Sattigeri and Balakrishnan 2018, arXiv 1711.00848 (SAP);
    Eastwood and Williams 2018, ICLR (DCI). Twenty bins as in Locatello et al. 2019, arXiv
    1811.12359. Forests learn from three rows of four, and the fourth judges.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> factors = rng.integers(0, 4, (1000, 2))
    >>> disentanglement(factors + 0.0, factors, random_state=0).modularity > 0.99
    True
    """
    Z = check_matrix(Z, name="Z").astype(np.float64)
    n_bins = check_integer("n_bins", n_bins, minimum=2)
    generator = check_generator("random_state", random_state)
    values = _factors(factors, len(Z))
    if Z.shape[1] < 2 or len(values) < 2 or len(Z) < 2 * _JUDGED:
        raise InvalidDataError(
            f"Z and factors must have two columns at least, and {2 * _JUDGED} rows; got the shape "
            f"{Z.shape} and {len(values)} factor(s): what is alone cannot be entangled."
        )
    # At random: rows that were made from a grid of factors have a period.
    judged = generator.permutation(len(Z)) % _JUDGED == 0
    seeds = generator.integers(2**31, size=len(values))
    binned = [_in_bins(unit, n_bins) for unit in Z.T]
    kinds = [_kinds(v, n_bins) for v in values]
    information = np.array([[mutual_info_score(u, v) for v in kinds] for u in binned]).clip(min=0)
    alone = np.array([[_predicted_alone(unit, v) for v in values] for unit in Z.T])
    forests = [_forest(Z, v, judged, int(seed)) for v, seed in zip(values, seeds, strict=True)]
    importance = np.column_stack([forest[0] for forest in forests])
    entropies = np.array([entropy(np.bincount(kind)) for kind in kinds])
    units, shares = _concentration(importance)
    complete, _ = _concentration(importance.T)
    return Disentanglement(
        mutual_information_gap=float((_gaps(information) / entropies).mean()),
        modularity=_modularity(information),
        attribute_predictability=float(_gaps(alone).mean()),
        disentanglement=float(shares @ units),
        completeness=float(complete.mean()),
        informativeness=float(np.mean([forest[1] for forest in forests])),
        mutual_information=information,
        importance=importance,
    )


def _factors(factors: Any, n_rows: int) -> list[np.ndarray]:
    """Return each factor's values: numbers as floats, all else as the places of its kinds, int."""
    if hasattr(factors, "columns"):
        given = {str(name): list(factors[name]) for name in factors.columns}
    else:
        table = np.asarray(factors)
        if table.ndim != 2:
            raise InvalidDataError(
                f"factors must have two dimensions, a column each; got the shape {table.shape}: "
                "put them side by side."
            )
        given = {str(i): column.tolist() for i, column in enumerate(table.T)}
    found = []
    for name, cells in given.items():
        check_same_rows(cells, n_rows, name=f"factor {name}", of="Z")
        missing = [_is_missing(cell) for cell in cells]
        if any(missing):
            raise InvalidDataError(
                f"factor {name} must be known of every row; got a missing value at row "
                f"{missing.index(True)}: leave those rows out."
            )
        values = np.array(cells)
        kinds, places = np.unique(values, return_inverse=True)
        if len(kinds) < 2:
            raise InvalidDataError(
                f"factor {name} must vary; got {kinds[0]} for all rows: leave it out."
            )
        found.append(values.astype(np.float64) if values.dtype.kind in "fiu" else places)
    return found


def _is_missing(cell: Any) -> bool:
    try:
        return cell is None or cell != cell or cell in (np.inf, -np.inf)
    except TypeError:
        # What pandas has for missing is neither equal nor unequal to anything.
        return True


def _in_bins(values: FloatArray, n_bins: int) -> IntArray:
    low, high = values.min(), values.max()
    if low == high:
        return np.zeros(len(values), dtype=np.int64)
    return np.minimum(((values - low) / (high - low) * n_bins).astype(np.int64), n_bins - 1)


def _kinds(values: np.ndarray, n_bins: int) -> IntArray:
    kinds, places = np.unique(values, return_inverse=True)
    few = values.dtype.kind != "f" or len(kinds) <= n_bins
    return places if few else np.unique(_in_bins(values, n_bins), return_inverse=True)[1]


def _gaps(scores: FloatArray) -> FloatArray:
    ordered = np.sort(scores, axis=0)
    return ordered[-1] - ordered[-2]


def _modularity(information: FloatArray) -> float:
    squares = np.square(information)
    best = squares.max(axis=1)
    # What rounding leaves of a constant unit tells of nothing.
    tells = best > 1e-24
    if not tells.any():
        return 0.0
    others = squares[tells].sum(axis=1) / best[tells] - 1
    return float((1 - others / (squares.shape[1] - 1)).mean())


def _concentration(importance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return 1 less the entropy of each row, 0 for a row of zeros, and the rows' shares of all."""
    sums = importance.sum(axis=1)
    filled = sums > 0
    found = np.zeros(len(sums))
    found[filled] = 1 - entropy(importance[filled], axis=1) / np.log(importance.shape[1])
    return found, sums / max(sums.sum(), np.finfo(float).tiny)


def _predicted_alone(unit: FloatArray, factor: np.ndarray) -> float:
    if unit.min() == unit.max():
        return 0.0
    if factor.dtype.kind == "f":
        return float(np.corrcoef(unit, factor)[0, 1] ** 2)
    n_kinds = int(factor.max()) + 1
    tree = DecisionTreeClassifier(max_leaf_nodes=n_kinds, class_weight="balanced", random_state=0)
    guessed = tree.fit(unit[:, None], factor).predict(unit[:, None])
    return float(balanced_accuracy_score(factor, guessed, adjusted=True))


def _forest(
    Z: FloatArray, factor: np.ndarray, judged: np.ndarray, seed: int
) -> tuple[FloatArray, float]:
    """Return each unit's importance to a forest, and how well it predicts other rows, from 0."""
    if factor.dtype.kind == "f":
        forest = RandomForestRegressor(_TREES, random_state=seed)
        score = forest.fit(Z[~judged], factor[~judged]).score(Z[judged], factor[judged])
    else:
        forest = RandomForestClassifier(_TREES, random_state=seed)
        forest.fit(Z[~judged], factor[~judged])
        chance = np.bincount(factor[judged]).max() / judged.sum()
        hits = (forest.predict(Z[judged]) == factor[judged]).mean()
        score = hits if chance == 1 else (hits - chance) / (1 - chance)
    return forest.feature_importances_, float(np.clip(score, 0, 1))
