"""Learning dynamics: against autograd at full size, closed forms, numpy, and brute force."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from sklearn.decomposition import PCA

from inscape import Autoencoder, data, dynamics
from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.networks import Dense
from inscape.training import Recorder

NAMES = ("Goldfish", "Tuna", "Robin", "Canary", "Rose", "Daisy", "Pine", "Oak")
BONES = [-1, 1, 1, 1, -1, -1, -1, -1]


@pytest.fixture(scope="module")
def tree():
    return data.tree(random_state=3)


@pytest.fixture(scope="module")
def course(tree):
    return dynamics.simulate(tree.inputs, tree.targets, learning_rate=100.0, random_state=3)


def autograd(inputs, targets, weights, *, learning_rate, epochs):
    """Plain full-size training in float64: loss, end-to-end map, hidden activity each epoch."""
    X, Y = (torch.tensor(part, dtype=torch.float64) for part in (inputs, targets))
    layers = [torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in weights]
    losses, maps, hidden = [], [], []
    for _ in range(epochs + 1):
        activity, product, inner = X, torch.eye(X.shape[1], dtype=torch.float64), []
        for layer in layers:
            activity, product = activity @ layer.T, layer @ product
            inner.append(activity.detach().numpy())
        loss = torch.nn.functional.mse_loss(activity, Y)
        gradients = torch.autograd.grad(loss, layers)
        losses.append(float(loss.detach()))
        maps.append(product.detach().numpy())
        hidden.append(inner[:-1])
        with torch.no_grad():
            for layer, gradient in zip(layers, gradients, strict=True):
                layer -= learning_rate * gradient
    return np.array(losses), np.array(maps), hidden


def agree(course, inputs, targets, weights, *, learning_rate, epochs):
    """Assert that a trajectory is the plain training's, in everything that it records."""
    losses, maps, hidden = autograd(
        inputs, targets, weights, learning_rate=learning_rate, epochs=epochs
    )
    left, _, right = np.linalg.svd(targets.T @ inputs, full_matrices=False)
    n = len(course.singular_values)
    modes = np.einsum("oa,toa->ta", left[:, :n], maps @ right[:n].T)
    # Relative to the strongest mode: full-size float64 itself is no more exact than that, since
    # two orders of summation over 10,000 outputs already differ by 1e-8 in modes of 70.
    scale = max(1.0, float(np.linalg.norm(maps, 2, axis=(1, 2)).max()))
    np.testing.assert_allclose(course.loss, losses, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(course.modes, modes, rtol=0, atol=1e-9 * scale)
    reached = np.linalg.qr(inputs.T)[0]
    values = np.linalg.svd(maps @ reached, compute_uv=False)
    got = course.sorted_modes
    width = min(values.shape[1], got.shape[1])
    np.testing.assert_allclose(got[:, :width], values[:, :width], atol=1e-9 * scale)
    np.testing.assert_allclose(values[:, width:], 0, atol=1e-9 * scale)
    for layer in range(course.n_layers - 1):
        exact = np.array([inner[layer] @ inner[layer].T for inner in hidden])
        np.testing.assert_allclose(
            course.similarity[:, layer], exact, rtol=0, atol=1e-9 * max(1.0, np.abs(exact).max())
        )
    # In place: at full size these are 160 MB, and `assert_allclose` makes ten more of them.
    apart = course.predict(slice(None), slice(None))
    apart -= inputs @ maps.swapaxes(1, 2)
    assert np.abs(apart, out=apart).max() <= 1e-9 * scale * max(1.0, np.abs(inputs).max())


# --------------------------------------------------------------------------- exactness


def test_the_default_tree_is_trained_as_autograd_trains_it_at_full_size(tree, course):
    agree(
        course,
        tree.inputs,
        tree.targets,
        course.weights_at(0),
        learning_rate=100.0,
        epochs=250,
    )


@settings(deadline=None, max_examples=60)
@given(
    n_samples=st.integers(1, 9),
    n_inputs=st.integers(1, 9),
    n_outputs=st.integers(1, 40),
    hidden=st.lists(st.integers(1, 7), max_size=3),
    kind=st.sampled_from(["scaled_normal", "orthogonal", "balanced", "given"]),
    gamma=st.sampled_from([1e-8, 1e-2, 0.5]),
    one_hot=st.booleans(),
    copies=st.booleans(),
    seed=st.integers(0, 2**20),
)
@example(
    n_samples=1,
    n_inputs=1,
    n_outputs=1,
    hidden=[1, 1],
    kind="scaled_normal",
    gamma=1e-2,
    one_hot=False,
    copies=False,
    seed=7,
)
def test_every_shape_is_trained_as_autograd_trains_it(
    n_samples, n_inputs, n_outputs, hidden, kind, gamma, one_hot, copies, seed
):
    rng = np.random.default_rng(seed)
    inputs = np.eye(n_inputs) if one_hot else rng.normal(size=(n_samples, n_inputs))
    targets = rng.normal(size=(len(inputs), n_outputs))
    if copies:  # columns and rows that depend on each other: the bases must not mind
        targets[:] = targets[:1]
        targets[:, n_outputs // 2] = targets[:, 0]
    widths = (n_inputs, *hidden, n_outputs)
    options = {"hidden": hidden, "gamma": gamma, "initialization": kind, "random_state": seed}
    if kind == "given":
        options = {"weights": dynamics.initial_weights(widths, gamma=gamma, random_state=seed)}
    # Small inputs need a large map, at which only small steps are stable.
    best = np.linalg.norm(np.linalg.lstsq(inputs, targets, rcond=None)[0], 2)
    largest = 1 + max(np.linalg.norm(targets, 2), best**2)
    top = np.linalg.norm(inputs, 2) ** 2 * largest * (len(hidden) + 1)
    rate = 0.2 * targets.size / top
    course = dynamics.simulate(inputs, targets, **options, learning_rate=rate, epochs=40)
    start = course.weights_at(0)
    assert [w.shape for w in start] == [
        (above, below) for below, above in itertools.pairwise(widths)
    ]
    if kind == "given":
        for ours, theirs in zip(start, options["weights"], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
    agree(course, inputs, targets, start, learning_rate=rate, epochs=40)


def test_kept_weights_make_the_recorded_modes(tree, course):
    assert course.weight_epochs == (0, 1, 2, 4, 8, 16, 32, 64, 128, 250)
    left, _, right = np.linalg.svd(tree.targets.T, full_matrices=False)
    for epoch in course.weight_epochs:
        first, second = course.weights_at(epoch)
        np.testing.assert_allclose(
            np.einsum("oa,oi,ai->a", left, second @ first, right), course.modes[epoch], atol=1e-9
        )


def test_drawn_weights_look_like_those_drawn_at_full_size(tree):
    for kind in ("scaled_normal", "orthogonal", "balanced"):
        course = dynamics.simulate(
            tree.inputs, tree.targets, gamma=2.0, initialization=kind, epochs=1, random_state=0
        )
        first, second = course.weights_at(0)
        if kind == "scaled_normal":
            assert second.std() == pytest.approx(2 / np.sqrt(10_030), rel=0.01)
            assert first.std() == pytest.approx(2 / np.sqrt(38), rel=0.15)
            along = (tree.targets @ second).ravel() / 2 * np.sqrt(10_030 / 10_000)
            assert along.std() == pytest.approx(1, rel=0.15)
        else:
            values = np.linalg.svd(second, compute_uv=False)
            np.testing.assert_allclose(values[values > 1e-6], 2, rtol=1e-9)
        if kind == "balanced":
            np.testing.assert_allclose(dynamics.balancedness([first, second])[0], 0, atol=1e-9)


def test_a_seed_gives_the_same_bits_and_touches_nothing_global(tree, course):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    again = dynamics.simulate(tree.inputs, tree.targets, learning_rate=100.0, random_state=3)
    assert (again.loss == course.loss).all()
    assert (again.modes == course.modes).all()
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
    other = dynamics.simulate(tree.inputs, tree.targets, learning_rate=100.0, random_state=4)
    assert (other.modes[:100] != course.modes[:100]).all()


def test_recording_less_often_changes_no_record(tree, course):
    seldom = dynamics.simulate(
        tree.inputs, tree.targets, learning_rate=100.0, random_state=3, record_every=40
    )
    assert seldom.epochs.tolist() == [0, 40, 80, 120, 160, 200, 240, 250]
    np.testing.assert_array_equal(seldom.loss, course.loss[seldom.epochs])
    np.testing.assert_array_equal(seldom.modes, course.modes[seldom.epochs])


def test_predictions_of_pairs_are_those_of_the_whole(tree):
    course = dynamics.simulate(
        tree.inputs, tree.targets, pairs=[(0, 5), (7, 9999)], random_state=0, epochs=150
    )
    assert course.predictions.shape == (151, 2)
    np.testing.assert_allclose(course.predictions[:, 0], course.predict([0], [5])[:, 0, 0])
    np.testing.assert_allclose(course.predictions[:, 1], course.predict([7], [9999])[:, 0, 0])


# --------------------------------------------------------------------------- theory


def test_half_rises_follow_the_discrete_map_and_not_the_differential_equation(course):
    def half(modes):
        return np.argmax(modes >= course.mode_limits / 2, axis=0)

    by_map = half(course.theoretical_modes("discrete_map"))
    by_flow = half(course.theoretical_modes("gradient_flow"))
    assert np.abs(course.half_rise - by_map).max() <= 2
    early = course.half_rise - by_flow
    assert (early >= 8).all()
    assert (early <= 18).all()


def test_modes_of_two_layers_solve_their_equation():
    t = np.linspace(0, 4, 9)
    exact = solve_ivp(
        lambda _, u: 2 * u * (1.7 - u), (0, 4), [1e-3], t_eval=t, rtol=1e-11, atol=1e-13
    ).y[0]
    u = dynamics.mode_strength(t, singular_value=1.7, initial=1e-3)
    np.testing.assert_allclose(u, exact, rtol=1e-8)
    for when, strength in zip(t[1:], u[1:], strict=True):
        learned = dynamics.time_to_learn(singular_value=1.7, initial=1e-3, final=float(strength))
        assert learned == pytest.approx(when, rel=1e-9)


@pytest.mark.parametrize("n_layers", [1, 3, 5, 20])
def test_time_to_learn_inverts_the_strength_at_any_depth(n_layers):
    t = np.array([0.3, 1.0, 2.0]) / n_layers
    u = dynamics.mode_strength(
        t, singular_value=1.3, initial=0.2, time_constant=2.0, n_layers=n_layers
    )
    for when, strength in zip(t, u, strict=True):
        learned = dynamics.time_to_learn(
            singular_value=1.3,
            initial=0.2,
            final=float(strength),
            time_constant=2.0,
            n_layers=n_layers,
        )
        assert learned == pytest.approx(when, rel=1e-7)


@pytest.mark.parametrize("n_layers", [1, 2, 3, 5])
def test_aligned_networks_follow_the_map_exactly_and_the_flow_at_small_steps(n_layers):
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.normal(size=(6, 4)))[0] for _ in range(2))
    values = np.array([4.0, 3.0, 2.0, 1.0])
    targets = (left * values @ right.T).T @ np.eye(6)
    inner = [0.3 * np.eye(4)] * (n_layers - 2)
    weights = [0.3 * left @ right.T] if n_layers == 1 else [0.3 * right.T, *inner, 0.3 * left]
    course = dynamics.simulate(
        np.eye(6), targets, weights=weights, learning_rate=0.018, epochs=3000
    )
    np.testing.assert_allclose(
        course.modes, course.theoretical_modes("discrete_map"), rtol=0, atol=1e-10
    )
    np.testing.assert_allclose(
        course.modes, course.theoretical_modes("gradient_flow"), rtol=0, atol=0.02
    )


def test_theory_holds_for_whitened_inputs_of_any_scale_and_refuses_others():
    rng = np.random.default_rng(1)
    inputs = 3 * np.linalg.qr(rng.normal(size=(12, 5)))[0]
    targets = inputs @ rng.normal(size=(5, 50))
    course = dynamics.simulate(
        inputs, targets, gamma=1e-6, learning_rate=0.3, epochs=1500, random_state=0
    )
    by_map = np.argmax(course.theoretical_modes("discrete_map") >= course.mode_limits / 2, axis=0)
    assert (course.half_rise > 10).all()
    assert np.abs(course.half_rise - by_map).max() <= 2
    correlated = dynamics.simulate(inputs + 1, targets, learning_rate=0.01, epochs=3)
    with pytest.raises(InvalidDataError, match="whiten"):
        correlated.theoretical_modes()


@pytest.mark.parametrize("n_layers", [1, 2, 3, 6])
def test_a_mode_without_a_limit_decays_by_its_equation(n_layers):
    t = np.linspace(0, 5, 11)
    exact = solve_ivp(
        lambda _, u: -n_layers * u ** (3 - 2 / n_layers), (0, 5), [0.7], t_eval=t, rtol=1e-11,
        atol=1e-13,
    ).y[0]  # fmt: skip
    found = dynamics.mode_strength(t, singular_value=0.0, initial=0.7, n_layers=n_layers)
    np.testing.assert_allclose(found, exact, rtol=1e-8)


@pytest.mark.parametrize("kind", ["discrete_map", "gradient_flow"])
def test_theory_knows_how_many_modes_a_narrow_network_can_learn(kind):
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.normal(size=(6, 4)))[0] for _ in range(2))
    targets = (left * [4.0, 3.0, 2.0, 1.0] @ right.T).T
    course = dynamics.simulate(
        np.eye(6), targets, hidden=(2,), gamma=1e-4, learning_rate=0.2, epochs=2000,
        random_state=0,
    )  # fmt: skip
    theory = course.theoretical_modes(kind)
    np.testing.assert_allclose(course.modes[-1], [4, 3, 0, 0], atol=1e-6)
    np.testing.assert_allclose(theory[-1], [4, 3, 0, 0], atol=1e-6)
    assert theory[:, 2:].max() < 1e-3


def test_theory_refuses_three_layers_that_start_unbalanced_or_turned():
    rng = np.random.default_rng(0)
    left, right = (np.linalg.qr(rng.normal(size=(5, 3)))[0] for _ in range(2))
    targets = (left * [3.0, 2.0, 1.0] @ right.T).T
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    even = [0.3 * right.T, 0.3 * np.eye(3), 0.3 * left]
    options = {"learning_rate": 0.02, "epochs": 5}
    dynamics.simulate(np.eye(5), targets, weights=even, **options).theoretical_modes()
    for weights, told in (
        ([2 * even[0], even[1], even[2] / 2], "got unbalanced ones"),
        ([even[0], 0.3 * turn, even[2]], "got balanced but turned ones"),
    ):
        course = dynamics.simulate(np.eye(5), targets, weights=weights, **options)
        with pytest.raises(InvalidDataError, match=told):
            course.theoretical_modes()


@pytest.mark.parametrize("record_every", [1, 7])
@pytest.mark.parametrize("rate", [2.0, 3.0, 5.0, 9.0])
def test_the_last_weights_before_a_divergence_are_those_of_the_last_record(rate, record_every):
    targets = np.random.default_rng(0).normal(size=(6, 40))
    wild = dynamics.simulate(
        np.eye(6), targets, hidden=(8,), gamma=0.1, random_state=0, epochs=900,
        learning_rate=rate * 240 / (2 * np.linalg.norm(targets, 2)), record_every=record_every,
    )  # fmt: skip
    assert wild.divergence is not None
    assert wild.weight_epochs[-1] == wild.epochs[-1]
    first, second = wild.weights_at(int(wild.epochs[-1]))
    loss = np.square(first.T @ second.T - targets).mean()
    assert loss == pytest.approx(wild.loss[-1], rel=1e-9)


def test_balancedness_is_conserved_to_the_second_order_of_the_step(tree):
    drifts = []
    for rate, epochs in ((40.0, 100), (20.0, 200)):
        course = dynamics.simulate(
            tree.inputs,
            tree.targets,
            gamma=0.5,
            learning_rate=rate,
            epochs=epochs,
            random_state=0,
        )
        start, end = (dynamics.balancedness(course.weights_at(epoch))[0] for epoch in (0, epochs))
        drifts.append(np.abs(end - start).max())
    assert drifts[0] < 0.5
    assert drifts[1] < 0.65 * drifts[0]


def test_the_whole_network_follows_its_closed_form():
    rng = np.random.default_rng(0)
    sigma = rng.normal(size=(4, 4))
    first, second = dynamics.initial_weights(
        (4, 6, 4), gamma=0.4, initialization="balanced", random_state=0
    )

    def flow(_, state):
        one, two = state[:24].reshape(6, 4), state[24:].reshape(4, 6)
        error = sigma - two @ one
        return np.concatenate([(two.T @ error).ravel(), (error @ one.T).ravel()])

    times = [0.0, 0.5, 1.0, 2.0, 4.0, 30.0]
    solved = solve_ivp(
        flow,
        (0, 30),
        np.concatenate([first.ravel(), second.ravel()]),
        t_eval=times,
        rtol=1e-12,
        atol=1e-12,
    ).y.T
    course = dynamics.balanced_solution(times, [first, second], sigma)
    for state, square in zip(solved, course, strict=True):
        q = np.concatenate([state[:24].reshape(6, 4).T, state[24:].reshape(4, 6)])
        np.testing.assert_allclose(square, q @ q.T, rtol=0, atol=1e-8)


def test_three_ways_lead_to_the_same_weights(tree):
    analytic = dynamics.regression_weights(tree.inputs, tree.targets)
    np.testing.assert_allclose(analytic, tree.targets.T, atol=1e-12)
    maps = {}
    for epochs in (250, 4000):
        for hidden in ((), (30,)):
            course = dynamics.simulate(
                tree.inputs,
                tree.targets,
                hidden=hidden,
                learning_rate=100.0 if hidden else 4000.0,
                epochs=epochs,
                record_every=epochs,
                random_state=0,
            )
            product = np.linalg.multi_dot([*course.weights_at(epochs)[::-1], np.eye(8)])
            maps[epochs, hidden] = np.abs(product - analytic).max()
    assert max(maps[250, ()], maps[250, (30,)]) < 1e-2
    assert max(maps[4000, ()], maps[4000, (30,)]) < 1e-6


def test_regression_agrees_with_its_formula_and_refuses_what_it_cannot_invert():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(37, 3)), rng.normal(size=(37, 5))
    formula = Y.T @ X @ np.linalg.inv(X.T @ X)
    np.testing.assert_allclose(dynamics.regression_weights(X, Y), formula, atol=1e-12)
    with pytest.raises(InvalidDataError, match="pseudo_inverse=True"):
        dynamics.regression_weights(X[:2], Y[:2])
    np.testing.assert_allclose(
        dynamics.regression_weights(X[:2], Y[:2], pseudo_inverse=True),
        (np.linalg.pinv(X[:2]) @ Y[:2]).T,
        atol=1e-12,
    )


# --------------------------------------------------------------------------- illusions


def test_the_shark_has_bones_for_a_while(tree):
    ocean = tree.rename({"Goldfish": "Shark"}).add_feature("has_bones", BONES)
    course = dynamics.simulate(ocean.inputs, ocean.targets, random_state=0)
    found = dynamics.illusory_correlations(course)
    shark = ocean.index("Shark", "has_bones")
    curve = course.predict([shark[0]], [shark[1]])[:, 0, 0]
    assert curve[-1] == pytest.approx(-1, abs=1e-4)
    assert found.wrong_sign.size[shark] == pytest.approx(curve.max())
    assert found.wrong_sign.peak[shark] == curve.argmax()
    assert 0.3 < curve.max() < 0.9
    theory = course.theoretical_predictions(course.theoretical_modes(), [shark[0]], [shark[1]])[
        :, 0, 0
    ]
    # A step of the curve is steep: an epoch's shift is a gap of 0.07, and moves no peak.
    assert theory.max() == pytest.approx(curve.max(), abs=0.01)
    assert abs(int(theory.argmax()) - int(curve.argmax())) <= 1
    assert np.abs(theory - curve).max() < 0.1


def test_excursions_are_those_that_brute_force_finds(tree):
    small = data.tree(n_features=60, random_state=5)
    course = dynamics.simulate(
        small.inputs, small.targets, learning_rate=8.0, gamma=1e-6, random_state=0, epochs=250
    )
    found = dynamics.illusory_correlations(course, tolerance=0.1)
    final = course.limits(slice(None), slice(None))
    floor = 0.1 * np.sqrt((final**2).mean())
    everything = course.predict(slice(None), slice(None))
    for kind in ("wrong_sign", "overshoot"):
        excursions = getattr(found, kind)
        assert excursions.n_found > 0
        for i, m in np.ndindex(final.shape):
            sign = np.sign(final[i, m])
            y = everything[:, i, m] * sign
            far = -y if kind == "wrong_sign" else y - abs(final[i, m])
            outside = np.flatnonzero(far > floor)
            if len(outside) == 0:
                assert excursions.size[i, m] == 0
                assert excursions.onset[i, m] == excursions.peak[i, m] == -1
                continue
            assert excursions.size[i, m] == pytest.approx(far.max())
            assert excursions.peak[i, m] == far.argmax()
            assert excursions.onset[i, m] == outside[0]
            back = outside[-1] + 1
            assert excursions.decay[i, m] == (back if back < len(y) else -1)


def test_a_network_without_hidden_layer_has_no_illusion(tree):
    ocean = tree.add_feature("has_bones", BONES)
    course = dynamics.simulate(
        ocean.inputs, ocean.targets, hidden=(), learning_rate=2000.0, epochs=300, random_state=0
    )
    found = dynamics.illusory_correlations(course, tolerance=0.001)
    assert found.wrong_sign.n_found == found.overshoot.n_found == 0
    assert (np.diff(course.loss) < 0).all()


# --------------------------------------------------------------------------- sweeps


def test_every_cell_of_a_sweep_is_the_simulation_of_its_settings(tree):
    rates, gammas, seeds, depths = [50.0, 100.0, 900.0], [1e-12, 1e-3], (0, 7), (0, 1, 2)
    grid = dynamics.sweep(
        tree.inputs,
        tree.targets,
        learning_rates=rates,
        gammas=gammas,
        seeds=seeds,
        depths=depths,
        width=11,
        epochs=120,
    )
    assert grid.loss.shape == (3, 2, 2, 3, 121)
    assert grid.modes.shape == (3, 2, 2, 3, 121, 8)
    for place in np.ndindex(grid.time_to_learn.shape):
        i, j, k, layer = place
        course = dynamics.simulate(
            tree.inputs,
            tree.targets,
            hidden=(11,) * depths[layer],
            learning_rate=rates[i],
            gamma=gammas[j],
            random_state=seeds[k],
            epochs=120,
        )
        n = len(course.loss)
        # The loss falls to 1e-30, where an error is as small as the targets' own rounding.
        np.testing.assert_allclose(grid.loss[place][:n], course.loss, rtol=1e-9, atol=1e-20)
        np.testing.assert_allclose(grid.modes[place][:n], course.modes, rtol=1e-9, atol=1e-9)
        if course.divergence is None:
            assert grid.diverged_at[place] == -1
            assert place not in grid.divergences
        else:
            assert grid.diverged_at[place] == course.divergence.epoch == n
            assert str(grid.divergences[place]) == str(course.divergence)
            assert np.isnan(grid.loss[place][n:]).all()


def test_small_scales_make_plateaus_and_large_ones_do_not(tree):
    grid = dynamics.sweep(
        tree.inputs, tree.targets, learning_rates=[100.0], gammas=[1e-12, 1e-6, 10.0]
    )
    plateaus = grid.n_plateaus[0, :, 0, 0]
    assert plateaus[0] == plateaus[1] == 4
    assert plateaus[2] == 0
    learned = grid.time_to_learn[0, :, 0, 0]
    assert learned[0] > learned[1] > learned[2] > 0


# --------------------------------------------------------------------------- divergence


def test_a_training_diverges_cleanly_above_the_stable_rate_and_not_below():
    rng = np.random.default_rng(0)
    targets = rng.normal(size=(6, 40))
    top = float(np.linalg.norm(targets, 2))
    bound = 240 / (2 * top)  # P N / (L s^(2 - 2/L)) with two layers
    wild = dynamics.simulate(
        np.eye(6),
        targets,
        hidden=(8,),
        gamma=0.1,
        learning_rate=3 * bound,
        epochs=500,
        random_state=0,
    )
    assert wild.divergence.stable_learning_rate == pytest.approx(bound, rel=1e-6)
    assert wild.divergence.epoch == len(wild.loss)
    assert np.isfinite(wild.loss).all()
    assert np.isfinite(wild.modes).all()
    assert f"above {bound:.4g}" in str(wild.divergence)
    for share, settles in ((0.97, True), (1.05, False)):
        course = dynamics.simulate(
            np.eye(6),
            targets,
            hidden=(8,),
            gamma=0.1,
            learning_rate=share * bound,
            epochs=3000,
            random_state=0,
        )
        assert (course.loss[-1] < 1e-12) == settles


@pytest.mark.parametrize("hidden", [(), (7,), (7, 7)])
def test_the_stable_rate_is_that_of_the_hessian(hidden):
    rng = np.random.default_rng(2)
    inputs, targets = rng.normal(size=(9, 4)), rng.normal(size=(9, 3))
    targets = inputs @ np.linalg.lstsq(inputs, targets, rcond=None)[0]
    wild = dynamics.simulate(
        inputs, targets, hidden=hidden, gamma=0.1, learning_rate=1e3, random_state=0
    )
    left, values, right = np.linalg.svd(dynamics.regression_weights(inputs, targets), False)
    root = np.diag(values ** (1 / (len(hidden) + 1)))
    weights = (
        [root @ right, *[root] * (len(hidden) - 1), left @ root]
        if hidden
        else [left * values @ right]
    )
    flat = torch.tensor(np.concatenate([w.ravel() for w in weights]))

    def loss(entries):
        product, start = torch.tensor(inputs), 0
        for w in weights:
            product = product @ entries[start : start + w.size].reshape(w.shape).T
            start += w.size
        return ((product - torch.tensor(targets)) ** 2).mean()

    hessian = torch.autograd.functional.hessian(loss, flat).numpy()
    sharpest = np.linalg.eigvalsh(hessian).max()
    assert wild.divergence.stable_learning_rate == pytest.approx(2 / sharpest, rel=1e-5)


# --------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "`epochs` must be an integer >= 1; got 0"),
        ({"learning_rate": -1.0}, "`learning_rate` must be a number > 0; got -1.0"),
        ({"gamma": 0.0}, "`gamma` must be a number > 0"),
        ({"hidden": (0,)}, "`hidden` must be a tuple of layer widths"),
        ({"initialization": "balance"}, "Did you mean 'balanced'"),
        ({"pairs": [(9, 0)]}, "from 0 to 3"),
        ({"random_state": -1}, "`random_state` must be"),
        ({"weights": [np.ones((3, 4))]}, "as many rows as the targets have columns"),
        ({"weights": [np.ones((3, 4)), np.ones((5, 2))]}, "as many columns as"),
        ({"weights": np.ones((5, 4))}, "must be a list of matrices"),
    ],
)
def test_a_bad_option_gets_one_sentence(options, message):
    with pytest.raises(
        (InvalidParameterError, InvalidDataError), match="(?s)" + message.replace("(", r"\(")
    ) as caught:
        dynamics.simulate(np.eye(4), np.ones((4, 5)), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (np.eye(4), np.ones((3, 5)), "as many rows as inputs"),
        (np.eye(4), np.full((4, 5), np.nan), "NaN at row 0, column 0"),
        (np.full((4, 4), np.inf), np.ones((4, 5)), "infinity"),
        (np.eye(4), np.zeros((4, 5)), "correlated"),
        (np.eye(4), np.ones(4), "two dimensions"),
    ],
)
def test_bad_data_get_one_sentence(inputs, targets, message):
    with pytest.raises(InvalidDataError, match=message):
        dynamics.simulate(inputs, targets)


# --------------------------------------------------------------------------- the tree


def test_the_default_tree_is_the_one_that_is_asked_for():
    tree = data.tree(random_state=0)
    assert tree.item_names == NAMES
    assert tree.targets.shape == (8, 10_000)
    assert set(np.unique(tree.targets)) == {-1.0, 1.0}
    np.testing.assert_array_equal(tree.inputs, np.eye(8))
    np.testing.assert_allclose(
        tree.expected_eigenvalues, [2.440796, 1.499604, 1.0098, 1.0098, *[0.51] * 4], atol=1e-6
    )
    np.testing.assert_allclose(
        tree.expected_singular_values,
        [156.23, 122.46, 100.49, 100.49, *[71.41] * 4],
        atol=0.005,
    )
    same = data.tree(random_state=0)
    assert (same.targets == tree.targets).all()


@settings(deadline=None, max_examples=40)
@given(
    branches=st.lists(st.integers(1, 3), min_size=1, max_size=4),
    flip=st.floats(0, 0.5),
)
def test_the_spectrum_is_that_of_the_expected_similarity(branches, flip):
    tree = data.tree(len(branches), branches, flip, 5, random_state=0)
    assert tree.n_items == np.prod(branches)
    similarity = tree.expected_similarity
    for i, j in np.ndindex(similarity.shape):
        paths = [np.unravel_index(item, branches) for item in (i, j)]
        shared = 0
        while shared < len(branches) and paths[0][shared] == paths[1][shared]:
            shared += 1
        assert similarity[i, j] == pytest.approx((1 - 2 * flip) ** (2 * (len(branches) - shared)))
    np.testing.assert_allclose(
        tree.expected_eigenvalues, np.linalg.eigvalsh(similarity)[::-1], atol=1e-10
    )


def test_samples_tend_to_the_expected_similarity():
    tree = data.tree(levels=2, branches=(2, 3), flip=0.2, n_features=200_000, random_state=1)
    sampled = tree.targets @ tree.targets.T / 200_000
    np.testing.assert_allclose(sampled, tree.expected_similarity, atol=0.01)


def test_features_are_added_and_items_renamed_without_touching_the_tree():
    tree = data.tree(n_features=20, random_state=0)
    ocean = tree.rename({"Goldfish": "Shark"}).add_feature("has_bones", BONES)
    assert tree.item_names[0] == "Goldfish"
    assert tree.targets.shape == (8, 20)
    assert ocean.item_names == ("Shark", *NAMES[1:])
    assert ocean.feature_names[-2:] == ("feature 19", "has_bones")
    np.testing.assert_array_equal(ocean.targets[:, -1], BONES)
    assert ocean.index("Tuna", "has_bones") == (1, 20)
    assert tree.rename("abcdefgh").item_names == tuple("abcdefgh")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: data.tree(flip=0.7), "`flip` must be a number >= 0 and <= 0.5; got 0.7"),
        (lambda: data.tree(levels=0), "`levels` must be an integer >= 1; got 0"),
        (lambda: data.tree(levels=3, branches=(2, 2)), "`levels`"),
        (lambda: data.tree(n_features=0), "`n_features`"),
        (lambda: data.tree().add_feature("f", [1, -1]), r"one an item \(8\)"),
        (lambda: data.tree().add_feature("f", [0.5] * 8), "must be \\+1 or -1; got 0.5 at item 0"),
        (lambda: data.tree().add_feature("f", BONES).add_feature("f", BONES), "all different"),
        (lambda: data.tree().rename({"Whale": "Shark"}), "'Goldfish'"),
        (lambda: data.tree().rename({"Tuna": "Goldfish"}), "all different"),
        (lambda: data.tree().rename(["a"]), "8 non-empty texts"),
        (lambda: data.tree().index("Tuna", "has_bones"), "feature"),
    ],
)
def test_a_bad_tree_gets_one_sentence(change, message):
    with pytest.raises((InvalidParameterError, InvalidDataError), match=message) as caught:
        change()
    assert "\n" not in str(caught.value)


# --------------------------------------------------------------------------- any representation


def test_a_linear_autoencoder_has_the_modes_of_its_own_map_in_both_readings():
    digits = data.load("digits").train.X[:300].astype(np.float64)
    centred = digits - digits.mean(axis=0)
    pca = PCA(5).fit(centred)

    class Shrunk:
        def transform(self, X):
            return 0.5 * pca.transform(X)

        def inverse_transform(self, Z):
            return pca.inverse_transform(Z)

    for end_to_end in ("linear_fit", "jacobian"):
        course = dynamics.follow(
            [(0, Shrunk()), (3.5, pca)], centred, end_to_end=end_to_end, n_modes=8
        )
        assert course.epochs.tolist() == [0, 3.5]
        np.testing.assert_allclose(course.modes[0], [0.5] * 5 + [0] * 3, atol=1e-7)
        np.testing.assert_allclose(course.modes[1], [1] * 5 + [0] * 3, atol=1e-7)
        np.testing.assert_allclose(course.sorted_modes, course.modes, atol=1e-7)
        codes = pca.transform(centred)
        np.testing.assert_allclose(course.similarity[1], codes @ codes.T, atol=1e-9)
        np.testing.assert_allclose(
            course.loss[1], ((pca.inverse_transform(codes) - centred) ** 2).mean()
        )


def test_a_nonlinear_autoencoder_is_followed_over_its_recorded_epochs():
    digits = data.load("digits").train.X
    # A start near zero, where the modes have not been learned yet.
    network = Dense(hidden=(24,), linear_path=False)
    model, recorder = Autoencoder(4, network=network, epochs=3, random_state=0), Recorder()
    for report, state in model.iter_fit(digits):
        recorder.observe(report, state.network)
    before = model.transform(digits)
    snapshots = [(s.epoch, model.at(s)) for s in recorder.snapshots]
    course = dynamics.follow(snapshots, digits[:200], n_modes=6)
    assert (model.transform(digits) == before).all()
    assert (snapshots[-1][1].transform(digits) == before).all()
    assert course.modes.shape == (len(snapshots), 6)
    assert course.similarity.shape == (len(snapshots), 200, 200)
    assert course.modes[-1, 0] > 0.5 > course.modes[0, 0]
    assert course.loss[-1] < course.loss[0]
    rows = digits[:40].astype(np.float64)
    jacobian = dynamics.follow(snapshots[-1:], rows, end_to_end="jacobian", n_modes=3)
    network = copy.deepcopy(model.network_).double()
    # One scale for all columns: the slope is the same in the network's units.
    inside = torch.tensor(model.units_.apply(rows)).double()
    exact = torch.func.vmap(torch.func.jacrev(network))(inside).mean(dim=0)
    directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)[2][:3]
    expected = np.diag(directions @ exact.detach().numpy() @ directions.T)
    np.testing.assert_allclose(jacobian.modes[0], expected, atol=2e-3)


def test_following_nothing_or_what_does_not_vary_gets_one_sentence():
    pca = PCA(1).fit(np.eye(3))
    with pytest.raises(InvalidDataError, match="at least one"):
        dynamics.follow([], np.eye(3))
    with pytest.raises(InvalidDataError, match="must vary"):
        dynamics.follow([(0, pca)], np.ones((3, 3)))
    with pytest.raises(InvalidParameterError, match="'jacobian'"):
        dynamics.follow([(0, pca)], np.eye(3), end_to_end="jacobean")


@pytest.mark.parametrize(
    ("loss", "n"),
    [
        ([3, 3, 2.9, 2, 1.9, 1.9, 1.8, 0.5, 0.4, 0.4], 2),
        ([3, 1.5, 0.7, 0.3, 0.1, 0.05], 0),
        ([3, 3, 2.9, 1, 0.9, *[0.9, 0.95] * 20], 1),
        ([1, 1 - 1e-16, 1, 1 - 2e-16, 1, 1], 0),
        ([3, 3, 1, 1, np.nan, np.nan], 1),
    ],
)
def test_plateaus_are_counted_where_the_loss_falls_after_a_rest(loss, n):
    assert dynamics.count_plateaus(loss) == n
