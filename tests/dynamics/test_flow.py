"""Gradient flow by integration, beside closed forms, a second solver, and small steps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from sklearn.datasets import load_diabetes, load_linnerud, load_wine

from inscape import dynamics
from inscape._errors import InvalidDataError
from inscape.dynamics.flow import integrate_flow

EPOCHS = np.arange(0, 201, 4)


def correlated(n_samples=30, n_inputs=4, n_outputs=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, n_inputs)) @ rng.normal(size=(n_inputs, n_inputs)) + 1
    return X, X @ rng.normal(size=(n_inputs, n_outputs)) + rng.normal(size=(n_samples, n_outputs))


def by_scipy(X, Y, weights, *, rate, epochs):
    """The same flow by another method, written out for each weight."""
    shapes = [weight.shape for weight in weights]
    ends = np.cumsum([weight.size for weight in weights])[:-1]

    def layers(flat):
        return [w.reshape(s) for w, s in zip(np.split(flat, ends), shapes, strict=True)]

    def product(matrices, size):
        whole = np.eye(size)
        for matrix in matrices:
            whole = matrix @ whole
        return whole

    def slope(_, flat):
        now = layers(flat)
        error = (Y - X @ product(now, X.shape[1]).T).T @ X
        slopes = []
        for layer in range(len(now)):
            below = product(now[:layer], X.shape[1])
            above = product(now[layer + 1 :], now[layer].shape[0])
            slopes.append(rate * above.T @ error @ below.T)
        return np.concatenate([each.ravel() for each in slopes])

    start = np.concatenate([weight.ravel() for weight in weights])
    solved = solve_ivp(
        slope, (0, epochs[-1]), start, t_eval=epochs, method="DOP853", rtol=1e-10, atol=1e-12
    )
    return np.array([product(layers(flat), X.shape[1]) for flat in solved.y.T])


@pytest.mark.parametrize("hidden", [(), (5,), (5, 4), (2,)])
def test_the_flow_is_that_of_another_solver(hidden):
    X, Y = correlated()
    weights = dynamics.initial_weights((4, *hidden, 3), gamma=0.7, random_state=1)
    rate = 2e-4
    found = integrate_flow(X, Y, weights, rate=rate, epochs=EPOCHS, fastest=10.0)
    expected = by_scipy(X, Y, weights, rate=rate, epochs=EPOCHS)
    np.testing.assert_allclose(found, expected, rtol=0, atol=3e-4 * np.abs(expected).max())


def test_the_flow_is_the_closed_form_of_a_balanced_start():
    """All of QQ' (Braun et al. 2022), of a start that is not aligned with the data."""
    rng = np.random.default_rng(0)
    sigma = rng.normal(size=(3, 3))
    weights = dynamics.initial_weights(
        (3, 3, 3), gamma=0.2, initialization="balanced", random_state=0
    )
    found = integrate_flow(np.eye(3), sigma.T, weights, rate=0.02, epochs=EPOCHS, fastest=5.0)
    closed = dynamics.balanced_solution(EPOCHS, weights, sigma, time_constant=50.0)[:, 3:, :3]
    np.testing.assert_allclose(found, closed, rtol=0, atol=1e-4 * np.abs(sigma).max())


@pytest.mark.parametrize("n_layers", [2, 3, 4])
def test_the_flow_is_the_closed_form_of_modes_however_small_they_start(n_layers):
    """A mode that is 1e-9 small keeps its digits beside one that has been learned."""
    strengths, start = np.array([4.0, 1.0]), 1e-9 if n_layers == 2 else 1e-2
    weights = [np.eye(2) * start ** (1 / n_layers)] * n_layers
    epochs = np.arange(0, 1201, 50)
    found = integrate_flow(
        np.eye(2), np.diag(strengths), weights, rate=0.02, epochs=epochs, fastest=3.0
    )
    for k, strength in enumerate(strengths):
        closed = dynamics.mode_strength(
            epochs, singular_value=strength, initial=start, time_constant=50, n_layers=n_layers
        )
        np.testing.assert_allclose(found[:, k, k], closed, rtol=5e-3)


def test_descent_in_smaller_steps_comes_nearer_to_the_flow_in_proportion():
    X, Y = correlated()
    weights = dynamics.initial_weights((4, 6, 3), gamma=0.5, random_state=0)
    apart = []
    for smaller in (20, 40):
        course = dynamics.simulate(
            X,
            Y,
            weights=weights,
            learning_rate=0.02 / smaller,
            epochs=100 * smaller,
            record_every=smaller,
        )
        flow = course.theoretical_modes("gradient_flow")
        assert course.no_closed_form.startswith("inputs must be whitened")
        apart.append(np.abs(course.modes - flow).max() / course.mode_limits.max())
    assert apart[0] < 0.02
    assert apart[0] / apart[1] == pytest.approx(2, rel=0.1)


def test_a_large_unbalanced_start_has_no_closed_form_and_a_small_one_has():
    X, Y = np.eye(4), np.diag([4.0, 3.0, 2.0, 1.0])
    options = {"hidden": (6,), "epochs": 300, "learning_rate": 0.1, "random_state": 0}
    small = dynamics.simulate(X, Y, gamma=1e-3, **options)
    assert small.no_closed_form == ""
    large = dynamics.simulate(X, Y, gamma=1.0, **options)
    assert large.no_closed_form.startswith("weights of 2 layers must start small, or balanced")
    with pytest.raises(InvalidDataError, match="got unbalanced ones, of which the discrete map"):
        large.theoretical_modes("discrete_map")
    flow = large.theoretical_modes("gradient_flow")
    assert np.abs(flow - large.modes).max() < 0.05
    deep = dynamics.simulate(X, Y, **{**options, "hidden": (6, 6)}, gamma=0.8)
    assert deep.no_closed_form.startswith("weights of 3 layers must start balanced and aligned")
    assert np.abs(deep.theoretical_modes("gradient_flow") - deep.modes).max() < 0.2


def test_a_start_that_is_too_steep_is_refused_in_one_sentence():
    X, Y = correlated()
    weights = dynamics.initial_weights((4, 6, 3), gamma=300.0, random_state=0)
    with pytest.raises(InvalidDataError, match="too steep for them where it starts: take a smalle"):
        integrate_flow(X, Y, weights, rate=1e-3, epochs=np.array([0, 1]), fastest=10.0)


# --------------------------------------------------------------------------- the rate left out


def wide():
    """Fifty rows of 5,000 columns on an offset."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 5000)) + 3
    return X, X[:, :2] * 10


def strange():
    """Raw units: incomes beside shares."""
    X, Y = correlated()
    return X * [1, 1e4, 1e-3, 50] + [0, 4e4, 1, 0], Y * [1, 1e3, 1e-2]


@pytest.mark.parametrize("gamma", [1e-6, 0.1])
@pytest.mark.parametrize(
    "data",
    [
        lambda: load_linnerud(return_X_y=True),
        lambda: (load_diabetes().data, load_diabetes().target[:, None]),
        lambda: (load_wine().data, np.eye(3)[load_wine().target]),
        wide,
        strange,
    ],
    ids=["linnerud", "diabetes", "wine", "wide", "strange"],
)
def test_the_default_rate_is_a_share_of_the_stable_one_and_runs_away_on_no_table(data, gamma):
    X, Y = data()
    course = dynamics.simulate(X, Y, hidden=(8,), gamma=gamma, epochs=60, random_state=0)
    assert course.divergence is None
    assert course.learning_rate == pytest.approx(0.4 * course.stable_learning_rate)
    assert course.loss[-1] <= course.loss[0]
    ours = dynamics.simulate(
        X,
        Y,
        hidden=(8,),
        gamma=gamma,
        epochs=60,
        random_state=0,
        learning_rate=course.learning_rate,
    )
    np.testing.assert_array_equal(ours.loss, course.loss)


# --------------------------------------------------------------------------- whitened inputs


@pytest.mark.parametrize("data", [correlated, wide, strange])
def test_whitened_inputs_span_the_same_and_are_of_one_size(data):
    X, Y = data()
    white = dynamics.whiten(X)
    rank = np.linalg.matrix_rank(X)
    assert white.shape == (len(X), rank)
    np.testing.assert_allclose(white.T @ white / len(X), np.eye(rank), atol=1e-9)
    # What a linear network without biases can answer is what it could answer before.
    ours, theirs = (each @ np.linalg.lstsq(each, Y, rcond=None)[0] for each in (white, X))
    np.testing.assert_allclose(ours, theirs, atol=1e-6 * np.abs(Y).max())
    course = dynamics.simulate(white, Y, gamma=1e-6, epochs=20, random_state=0)
    assert course.no_closed_form == ""


def test_columns_that_depend_on_others_are_left_out_of_whitened_inputs():
    X, _ = correlated()
    assert dynamics.whiten(np.column_stack([X, X[:, 0] + X[:, 1]])).shape == X.shape
    with pytest.raises(InvalidDataError, match="inputs must hold a value other than 0"):
        dynamics.whiten(np.zeros((4, 2)))
