"""Nine small sets of rows such as people have: bundled with scikit-learn, or generated here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

Rows = NDArray[np.float64]


def housing(n_samples: int = 5000, *, seed: int = 0) -> Rows:
    """Return eight columns whose shapes and units are like those of California housing.

    Income, age, rooms, bedrooms, population, occupants, latitude and longitude: skewed columns of
    units from 1 to 1,000, some with heavy tails, and places around two cities.
    """
    random = check_random_state(seed)
    urban = random.rand(n_samples)
    income = np.exp(1.2 + 0.45 * random.randn(n_samples) + 0.2 * urban)
    age = np.clip(28 + 12 * random.randn(n_samples) + 5 * urban, 1, 52)
    rooms = np.exp(1.65 + 0.25 * random.randn(n_samples) + 0.1 * np.log(income))
    bedrooms = rooms / 5 + 0.05 * np.abs(random.standard_t(3, n_samples))
    population = np.exp(7 + 0.75 * random.randn(n_samples))
    occupants = np.exp(1.05 + 0.2 * random.standard_t(5, n_samples))
    south = random.rand(n_samples) < 0.6
    latitude = np.where(
        south, 34 + 0.6 * random.randn(n_samples), 37.7 + 0.9 * random.randn(n_samples)
    )
    longitude = np.where(
        south, -118.2 + 0.7 * random.randn(n_samples), -121.6 + 0.8 * random.randn(n_samples)
    )
    longitude -= 0.25 * (latitude - 36)
    return np.column_stack(
        [income, age, rooms, bedrooms, population, occupants, latitude, longitude]
    )


def pictures(n_samples: int = 300, *, side: int = 32, seed: int = 0) -> Rows:
    """Return smooth pictures (n_samples, side x side): three soft spots of random place and size.

    More columns than rows, and no noise.
    """
    random = check_random_state(seed)
    across, down = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side))
    drawn = np.zeros((n_samples, side, side))
    for picture in drawn:
        for _ in range(3):
            x, y = random.rand(2)
            width = 0.1 + 0.15 * random.rand()
            height = 0.5 + random.rand()
            distance = (across - x) ** 2 + (down - y) ** 2
            picture += height * np.exp(-distance / (2 * width**2))
    return drawn.reshape(n_samples, side**2)


def swiss_roll() -> Rows:
    """Return 2,000 points of a rolled sheet in space."""
    return datasets.make_swiss_roll(2000, random_state=0)[0]


def blobs() -> Rows:
    """Return 2,000 rows of ten columns in eight round clusters."""
    return datasets.make_blobs(2000, n_features=10, centers=8, random_state=0)[0]


SETS: dict[str, Callable[[], Rows]] = {
    "iris": lambda: datasets.load_iris().data,
    "wine": lambda: datasets.load_wine().data,
    "breast_cancer": lambda: datasets.load_breast_cancer().data,
    "digits": lambda: datasets.load_digits().data / 16,
    "diabetes": lambda: datasets.load_diabetes(scaled=False).data,
    "housing": housing,
    "pictures": pictures,
    "swiss_roll": swiss_roll,
    "blobs": blobs,
}


def split(X: Rows, *, standardised: bool, seed: int) -> tuple[Rows, Rows]:
    """Return three quarters of the rows to train on and a quarter to test on.

    Parameters
    ----------
    X : ndarray, shape (n_samples, n_features)
        As they come.
    standardised : bool
        Whether each column is given mean 0 and variance 1, by those of the training rows.
    seed : int
        Which rows are held out.
    """
    train, test = train_test_split(X, test_size=0.25, random_state=seed)
    if standardised:
        scaler = StandardScaler().fit(train)
        train, test = scaler.transform(train), scaler.transform(test)
    return train, test
