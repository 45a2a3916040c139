"""Hierarchical data with known truth: features that branch and flip down a tree."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from inscape._checks import abridged, check_generator, check_integer, check_number, find_name
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape._typing import FloatArray

_ITEMS: Final = ("Goldfish", "Tuna", "Robin", "Canary", "Rose", "Daisy", "Pine", "Oak")


@dataclass(frozen=True, eq=False)
class Tree:
    """Items at the leaves of a tree, and the features that they inherit.

    Parameters
    ----------
    targets : ndarray of shape (n_items, n_features), float64
        Features of +1 and -1, one item a row; added ones are the last columns.
    item_names : tuple of str
        One name an item.
    branches : tuple of int
        Children of each node, level by level from the root.
    flip : float
        The probability that a child does not inherit a feature.
    added : tuple of str
        Names of the added features.

    Examples
    --------
    >>> kingdom = tree(n_features=100, random_state=0)
    >>> kingdom
    Tree(8 items, 100 features, branches (2, 2, 2), flip 0.15)
    >>> kingdom.expected_eigenvalues.round(4)
    array([2.4408, 1.4996, 1.0098, 1.0098, 0.51  , 0.51  , 0.51  , 0.51  ])
    """

    targets: FloatArray
    item_names: tuple[str, ...]
    branches: tuple[int, ...]
    flip: float
    added: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        extra = f" + {len(self.added)} added" if self.added else ""
        return (
            f"Tree({self.n_items} items, {self.n_generated} features{extra}, branches "
            f"{self.branches}, flip {self.flip:g})"
        )

    @property
    def n_items(self) -> int:
        """Leaves of the tree."""
        return len(self.targets)

    @property
    def n_generated(self) -> int:
        """Features that came down the tree, without the added ones."""
        return self.targets.shape[1] - len(self.added)

    @property
    def inputs(self) -> FloatArray:
        """One unit for each item: the identity."""
        return np.eye(self.n_items)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The generated features' numbers and the added features' names."""
        return (*(f"feature {m}" for m in range(self.n_generated)), *self.added)

    # ----------------------------------------------------------------------- the truth

    @property
    def expected_similarity(self) -> FloatArray:
        r"""Expected mean product of two items' features, (n_items, n_items).

        :math:`(1 - 2p)^{2k}` for items whose common ancestor lies k levels up.
        """
        similarity: FloatArray = np.ones((1, 1))
        for depth, n_children in enumerate(self.branches):
            apart = (1 - 2 * self.flip) ** (2 * (len(self.branches) - depth))
            same = np.kron(np.eye(len(similarity)), np.ones((n_children, n_children)))
            own = np.eye(len(same))
            similarity = np.kron(similarity, np.ones((n_children, n_children)))
            similarity = np.where((same == 1) & (own == 0), apart, similarity)
        return similarity

    @property
    def expected_eigenvalues(self) -> FloatArray:
        r"""Eigenvalues of the expected similarity, the largest first, (n_items,).

        Every node gives as many contrasts between its children as it has children but one, with

        .. math:: \lambda_d = S_{d+1} - n_{d+1} q_{D-d}, \qquad
                  S_d = S_{d+1} + (n_d - n_{d+1}) q_{D-d},

        where :math:`n_d` are the leaves below a node at depth d, D is the number of levels,
        :math:`q_k = (1 - 2p)^{2k}`, :math:`S_D = n_D = 1`; and the mean of all has :math:`S_0`.
        """
        total, leaves = 1.0, 1
        values: list[float] = []
        for depth in reversed(range(len(self.branches))):
            n_children = self.branches[depth]
            apart = (1 - 2 * self.flip) ** (2 * (len(self.branches) - depth))
            n_nodes = int(np.prod(self.branches[:depth]))
            values += [total - leaves * apart] * (n_nodes * (n_children - 1))
            total += leaves * (n_children - 1) * apart
            leaves *= n_children
        return np.array(sorted([*values, total], reverse=True))

    @property
    def expected_singular_values(self) -> FloatArray:
        r"""Expected singular values of the generated features: :math:`\sqrt{N \lambda}`."""
        return np.sqrt(self.n_generated * np.maximum(self.expected_eigenvalues, 0))

    # ----------------------------------------------------------------------- changes

    def add_feature(self, name: str, values: Any) -> Tree:
        """Return the tree with one more feature, as its last column.

        Parameters
        ----------
        name : str
            Its name, which no other added feature has.
        values : array-like of shape (n_items,)
            +1 or -1 for each item.

        Raises
        ------
        InvalidParameterError
            If the name is taken.
        InvalidDataError
            If there is not one value an item, or one is neither +1 nor -1.

        Examples
        --------
        >>> fish = tree(n_features=9, random_state=0).add_feature("has_fins", [1, 1] + [-1] * 6)
        >>> fish.index("Tuna", "has_fins")
        (1, 9)
        """
        names = _check_unique_names("name", (*self.added, name))
        column = _check_signs(values, n_values=self.n_items, name=f"the values of {name}")
        return dataclasses.replace(
            self, targets=np.column_stack([self.targets, column]), added=names
        )

    def rename(self, names: dict[str, str] | Sequence[str]) -> Tree:
        """Return the tree with other names for its items.

        Parameters
        ----------
        names : dict of str to str, or sequence of str
            New names for some items by their old ones, or for all in order.

        Raises
        ------
        InvalidParameterError
            If an old name is not there, or the new ones are not one a item and all different.

        Examples
        --------
        >>> tree(random_state=0).rename({"Goldfish": "Shark"}).item_names[:2]
        ('Shark', 'Tuna')
        """
        if isinstance(names, dict):
            for old in names:
                find_name("names", old, self.item_names)
            new = tuple(names.get(name, name) for name in self.item_names)
        else:
            new = tuple(names)
        return dataclasses.replace(
            self, item_names=_check_unique_names("names", new, n_names=self.n_items)
        )

    def index(self, item: str, feature: str) -> tuple[int, int]:
        """Return the row of an item and the column of an added feature.

        Raises
        ------
        InvalidParameterError
            If there is no item or added feature of that name.
        """
        row = find_name("item", item, self.item_names)
        return row, self.n_generated + find_name("feature", feature, self.added)


def tree(
    levels: int = 3,
    branches: int | Sequence[int] = 2,
    flip: float = 0.15,
    n_features: int = 10_000,
    *,
    random_state: Any = None,
) -> Tree:
    """Sample features that branch and flip down a tree.

    The root has each feature with probability 0.5, as +1 or -1. Each child inherits its parent's
    value, and flips it with probability `flip`. The items are the leaves.

    Parameters
    ----------
    levels : int, default 3
        Levels of branching below the root.
    branches : int or sequence of int, default 2
        Children of each node: at every level, or level by level from the root.
    flip : float, default 0.15
        Probability of a flip, in [0, 0.5].
    n_features : int, default 10_000
        How many independent features.
    random_state : int, numpy Generator or None, default None
        None draws anew at each call.

    Returns
    -------
    Tree
        With 8 items, Goldfish, Tuna, Robin, Canary, Rose, Daisy, Pine and Oak, by default.

    Raises
    ------
    InvalidParameterError
        If an option cannot hold.

    References
    ----------
    A. M. Saxe, J. L. McClelland, S. Ganguli (2014), arXiv:1312.6120, section 1.2 and figure 3.

    Examples
    --------
    >>> tree(levels=2, branches=(2, 3), n_features=50, random_state=0).item_names
    ('item 1', 'item 2', 'item 3', 'item 4', 'item 5', 'item 6')
    """
    depth = check_integer("levels", levels, minimum=1)
    if isinstance(branches, Sequence) and not isinstance(branches, str):
        check_integer("levels", depth, minimum=len(branches), maximum=len(branches))
        each = tuple(check_integer("branches", n, minimum=1) for n in branches)
    else:
        each = (check_integer("branches", branches, minimum=1),) * depth
    probability = check_number("flip", flip, minimum=0, maximum=0.5)
    n = check_integer("n_features", n_features, minimum=1)
    generator = check_generator("random_state", random_state)
    values = np.where(generator.random((1, n)) < 0.5, -1.0, 1.0)
    for n_children in each:
        values = np.repeat(values, n_children, axis=0)
        values[generator.random(values.shape) < probability] *= -1
    names = _ITEMS if each == (2, 2, 2) else tuple(f"item {i + 1}" for i in range(len(values)))
    return Tree(values, names, each, probability)


def _check_signs(value: Any, *, n_values: int, name: str) -> FloatArray:
    """Return `value` as an array (n_values,) of +1.0 and -1.0.

    Raises
    ------
    InvalidDataError
        If its length or a value is another.
    """
    array = np.asarray(value)
    if array.shape != (n_values,):
        raise InvalidDataError(
            f"{name} must be one an item ({n_values}); got the shape {array.shape}: give a value "
            "for each item."
        )
    wrong = [place for place, entry in enumerate(array.tolist()) if entry not in (-1, 1)]
    if wrong:
        raise InvalidDataError(
            f"{name} must be +1 or -1; got {abridged(array.tolist()[wrong[0]])} at item "
            f"{wrong[0]}: code what is true as 1 and what is false as -1."
        )
    return array.astype(np.float64)


def _check_unique_names(
    name: str, value: Sequence[Any], *, n_names: int | None = None
) -> tuple[str, ...]:
    """Return names as a tuple of texts that are all different.

    Raises
    ------
    InvalidParameterError
        If one is no text or empty, two are the same, or there are not `n_names`.
    """
    texts = all(isinstance(text, str) and text for text in value)
    if texts and len(set(value)) == len(value) and n_names in (None, len(value)):
        return tuple(value)
    count = "" if n_names is None else f"{n_names} "
    raise InvalidParameterError(
        f"`{name}` must be {count}non-empty texts, all different; got {abridged(list(value))}."
    )
