"""The room `training`: the loop, the optimisers and the state against plain textbook code."""

from __future__ import annotations

import math
import platform
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape._errors import InvalidParameterError, TrainingDivergedError
from inscape._files import read_tensors, write_tensors
from inscape.networks import Dense, Examples, Network, Sizes
from inscape.objectives import Bernoulli, Gaussian, Reconstruction
from inscape.training import (
    OPTIMIZERS,
    POLYNOMIALS,
    SCHEDULES,
    SGD,
    Adadelta,
    Adam,
    Muon,
    MuonOptimizer,
    Plan,
    Recorder,
    TrainingState,
    copy_weights,
    learning_rate_factor,
    orthogonalize,
    train,
)

GAUSSIAN = Reconstruction(Gaussian())


def test_muon_takes_larger_steps_in_short_trainings_and_smaller_ones_on_small_batches():
    rate = Muon().default_learning_rate
    assert rate(batch_size=256, n_steps=5000) == pytest.approx(0.03)
    assert rate(batch_size=64, n_steps=5000) == pytest.approx(0.015)
    assert rate(batch_size=256, n_steps=1000 // 16) == pytest.approx(0.06, rel=0.01)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def random(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(*shape, generator=generator(seed), dtype=dtype)


def build(hidden: tuple[int, ...] = (6,), *, activation: str = "tanh", seed: int = 0) -> Network:
    return Dense(hidden=hidden, activation=activation).build(
        Sizes(n_features=5, n_code=2, n_components=2, n_outputs=5),
        bottleneck=torch.nn.Identity(),
        generator=generator(seed),
    )


def new_state(part, *, lr: float | None = None, batch_size: int = 16, **options) -> TrainingState:
    network = build(**options)
    rate = part.default_learning_rate(batch_size=batch_size, n_steps=1000) if lr is None else lr
    return TrainingState(network, part.build(network, learning_rate=rate), generator(7))


def run(state: TrainingState, plan: Plan, X: torch.Tensor, objective=GAUSSIAN, **options) -> list:
    return list(train(state, objective, plan, examples=Examples(X), **options))


def same_weights(first: Network, second: Network) -> bool:
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


# --------------------------------------------------------------------------- Muon


def iterate(matrix: torch.Tensor, coefficients) -> torch.Tensor:
    """The iteration as it is published, on the whole matrix, in float64."""
    X = matrix.double()
    if X.shape[0] > X.shape[1]:
        return iterate(matrix.T, coefficients).T
    X = X / X.norm()
    for a, b, c in coefficients:
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return X


shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))


@given(shape=shapes, polynomial=st.sampled_from(list(POLYNOMIALS)), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_orthogonalize_is_the_published_iteration(shape, polynomial, seed):
    matrix = random(*shape, seed=seed, dtype=torch.float64)
    wanted = iterate(matrix, POLYNOMIALS[polynomial])
    torch.testing.assert_close(
        orthogonalize(matrix, polynomial=polynomial), wanted, rtol=1e-9, atol=1e-9
    )
    torch.testing.assert_close(
        orthogonalize(matrix.float(), polynomial=polynomial).double(), wanted, rtol=0, atol=2e-3
    )


@pytest.mark.parametrize("shape", [(8, 40), (40, 8), (16, 16)])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_orthogonalize_keeps_singular_vectors_and_brings_values_near_one(shape, scale):
    small = min(shape)
    U, _, V = torch.linalg.svd(random(*shape, dtype=torch.float64), full_matrices=False)
    values = torch.linspace(0.1, 1, small, dtype=torch.float64).flip(0)
    result = orthogonalize(scale * U @ torch.diag(values) @ V)
    core = U.T @ result @ V.T
    assert core.diagonal().min() > 0.4
    assert core.diagonal().max() < 1.6
    assert (core - torch.diag(core.diagonal())).abs().max() < 1e-9
    torch.testing.assert_close(U @ core @ V, result)


@pytest.mark.parametrize("shape", [(8, 20), (20, 8)])
def test_blocks_are_made_orthogonal_one_by_one(shape):
    matrix = random(*shape, dtype=torch.float64)
    axis = int(shape[1] < shape[0])
    wanted = torch.cat([orthogonalize(block) for block in matrix.split(4, dim=axis)], dim=axis)
    torch.testing.assert_close(orthogonalize(matrix, block_size=4), wanted)
    assert not torch.allclose(orthogonalize(matrix), wanted, atol=1e-3)


def test_blocks_are_as_large_as_the_side_allows_or_the_matrix_stays_whole():
    matrix = random(12, 20, dtype=torch.float64)
    in_fours = orthogonalize(matrix, block_size=4)
    assert torch.equal(orthogonalize(matrix, block_size=5), in_fours)
    assert torch.equal(orthogonalize(matrix, block_size=64), orthogonalize(matrix))
    # 7 has no divisor but 1, whose blocks would only set every row to one length.
    matrix = random(7, 20)
    assert torch.equal(orthogonalize(matrix, block_size=5), orthogonalize(matrix))


@pytest.mark.parametrize("block_size", [None, 2])
def test_a_zero_gradient_gives_a_zero_update(block_size):
    assert torch.equal(orthogonalize(torch.zeros(4, 6), block_size=block_size), torch.zeros(4, 6))


@pytest.mark.parametrize("shape", [(6, 24), (24, 6), (10, 10)])
def test_muon_is_torchs_muon(shape):
    start = random(*shape)
    ours, theirs = torch.nn.Parameter(start.clone()), torch.nn.Parameter(start.clone())
    optimizers = [
        MuonOptimizer([ours], lr=0.02, momentum=0.95, polynomial="newton_schulz"),
        torch.optim.Muon([theirs], lr=0.02, momentum=0.95, nesterov=True, weight_decay=0.0),
    ]
    exact, buffer = start.double(), torch.zeros(shape, dtype=torch.float64)
    for step in range(5):
        gradient = random(*shape, seed=step + 1)
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        for optimizer in optimizers:
            optimizer.step()
        # The rule as it is published, in float64: torch's own rounds to bfloat16.
        buffer = 0.95 * buffer + gradient.double()
        update = iterate(gradient + 0.95 * buffer, POLYNOMIALS["newton_schulz"])
        exact = exact - 0.02 * math.sqrt(max(1.0, shape[0] / shape[1])) * update
        torch.testing.assert_close(ours.detach().double(), exact, rtol=0, atol=2e-5)
        moved = (theirs.detach() - start).norm().item()
        assert (ours - theirs).norm().item() < 0.05 * moved


def test_muon_flattens_weights_with_more_axes():
    weight = torch.nn.Parameter(torch.zeros(4, 3, 2, 2))
    weight.grad = random(4, 3, 2, 2)
    MuonOptimizer([weight], lr=1.0, momentum=0.0).step()
    wanted = -orthogonalize(weight.grad.flatten(1)).view_as(weight)
    torch.testing.assert_close(weight.detach(), wanted)


def test_muon_moves_matrices_and_adam_the_rest():
    network = build(activation="prelu")
    muon, adam = Muon().build(network, learning_rate=0.1)
    matrices = muon.param_groups[0]["params"]
    vectors = adam.param_groups[0]["params"]
    assert all(weight.ndim == 2 for weight in matrices)
    assert all(weight.ndim == 1 for weight in vectors)
    assert len(matrices) + len(vectors) == len(list(network.parameters()))


@pytest.mark.parametrize("word", OPTIMIZERS)
def test_every_optimizer_moves_every_parameter(word):
    network = build(activation="prelu")
    before = copy_weights(network)
    optimizers = OPTIMIZERS[word]().build(network, learning_rate=0.1)
    network(random(9, 5)).square().sum().backward()
    for optimizer in optimizers:
        optimizer.step()
    for name, value in network.state_dict().items():
        assert not torch.equal(value, before[name]), name


@pytest.mark.parametrize(
    ("part", "options", "message"),
    [
        (Muon, {"momentum": 1.0}, "`momentum` must be a number >= 0 and < 1; got 1.0"),
        (Muon, {"polynomial": "newton"}, "`polynomial` must be one of"),
        (Muon, {"block_size": 0}, "`block_size` must be an integer >= 1; got 0"),
        (Muon, {"vector_learning_rate": 0}, "`vector_learning_rate` must be a number > 0"),
        (Adam, {"beta2": 1}, "`beta2` must be a number >= 0 and < 1; got 1"),
        (Adam, {"epsilon": -1}, "`epsilon` must be a number > 0; got -1"),
        (SGD, {"nesterov": True}, "`momentum` must be a number > 0 and < 1; got 0.0"),
        (Adadelta, {"rho": -0.1}, "`rho` must be a number >= 0 and < 1; got -0.1"),
    ],
)
def test_an_optimizer_refuses_what_cannot_hold(part, options, message):
    with pytest.raises(InvalidParameterError, match=message):
        part(**options)


@pytest.mark.parametrize("word", OPTIMIZERS)
def test_every_optimizer_has_a_schedule_and_a_learning_rate(word):
    with pytest.raises(InvalidParameterError, match=r"`schedule` must be one of .*'linear'"):
        OPTIMIZERS[word](schedule="linera")
    with pytest.raises(InvalidParameterError, match="`warmup` must be a number"):
        OPTIMIZERS[word](warmup=1.0)
    assert OPTIMIZERS[word]().default_learning_rate(batch_size=64, n_steps=10) > 0


# --------------------------------------------------------------------------- schedules

CLOSED_FORMS = {
    "linear": lambda p: 1 - p,
    "cosine": lambda p: (1 + math.cos(math.pi * p)) / 2,
    "constant": lambda p: 1.0,
}


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("n_steps", [1, 7, 100])
def test_schedules_follow_their_closed_form(schedule, n_steps):
    factors = [learning_rate_factor(schedule, 0.0, step=i, n_steps=n_steps) for i in range(n_steps)]
    wanted = [CLOSED_FORMS[schedule](i / n_steps) for i in range(n_steps)]
    assert factors == pytest.approx(wanted, abs=1e-12)
    assert factors[0] == 1.0


@given(
    schedule=st.sampled_from(list(SCHEDULES)),
    warmup=st.floats(0, 0.99),
    n_steps=st.integers(1, 200),
)
@settings(max_examples=60, deadline=None)
def test_a_rate_rises_in_the_warm_up_then_falls_and_no_step_is_lost(schedule, warmup, n_steps):
    factors = [
        learning_rate_factor(schedule, warmup, step=step, n_steps=n_steps)
        for step in range(n_steps)
    ]
    n_warmup = round(warmup * n_steps)
    assert factors[:n_warmup] == pytest.approx([(i + 1) / n_warmup for i in range(n_warmup)])
    assert all(0 < factor <= 1 for factor in factors)
    assert max(factors) == 1.0
    assert factors[n_warmup:] == sorted(factors[n_warmup:], reverse=True)


# --------------------------------------------------------------------------- the loop


def test_a_step_of_sgd_is_the_gradient_worked_out_by_hand():
    X = random(8, 5, seed=3)
    state = new_state(SGD(), lr=0.5, hidden=(), activation="identity")
    before = {name: value.double().numpy() for name, value in copy_weights(state.network).items()}
    V, b = before["encoder.0.weight"], before["encoder.0.bias"]
    W, c = before["decoder.0.weight"], before["decoder.0.bias"]
    rows = X.double().numpy()
    codes = rows @ V.T + b
    # Of half the squared error, the mean over rows and features.
    slope = (codes @ W.T + c - rows) / rows.size
    wanted = {
        "decoder.0.weight": W - 0.5 * slope.T @ codes,
        "decoder.0.bias": c - 0.5 * slope.sum(axis=0),
        "encoder.0.weight": V - 0.5 * (slope @ W).T @ rows,
        "encoder.0.bias": b - 0.5 * (slope @ W).sum(axis=0),
    }
    run(state, Plan(1, 8, SGD()), X)
    assert state.step == 1
    for name, value in state.network.state_dict().items():
        np.testing.assert_allclose(value.numpy(), wanted[name], rtol=0, atol=1e-6)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_loop_is_the_textbook_loop(schedule):
    X = random(50, 5, seed=3).sigmoid()
    part, epochs, batch_size = Adam(schedule=schedule, warmup=0.25), 3, 16
    state = new_state(part, lr=0.01)
    run(state, Plan(epochs, batch_size, part), X, Reconstruction(Bernoulli()))

    network, order = build(), generator(7)
    adam = torch.optim.Adam(network.parameters(), lr=0.01)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(network(X), X)
    # The history begins with the network as nothing has trained it yet.
    losses, step = [loss.item()], 0
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(50, generator=order).split(batch_size):
            factor = learning_rate_factor(schedule, 0.25, step=step, n_steps=12)
            adam.param_groups[0]["lr"] = 0.01 * factor
            loss = torch.nn.functional.binary_cross_entropy_with_logits(network(X[rows]), X[rows])
            adam.zero_grad()
            loss.backward()
            adam.step()
            total += loss.item() * len(rows)
            step += 1
        losses.append(total / 50)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(state.network.state_dict()[name], value, rtol=0, atol=1e-6)
    # In nats per sample, and per feature beside it; the last batch of 2 rows counts for 2.
    assert [entry["loss_per_feature"] for entry in state.history] == pytest.approx(losses)
    assert [entry["loss"] / 5 for entry in state.history] == pytest.approx(losses)


@pytest.mark.parametrize(("n_samples", "apart"), [(330, 10), (1290, 12)])
def test_reports_come_on_a_logarithmic_scale_ten_times_an_epoch_but_ten_steps_apart(
    n_samples, apart
):
    n_steps = 2 * n_samples // 10
    reports = run(new_state(SGD()), Plan(2, 10, SGD()), random(n_samples, 5))
    steps = [report.step for report in reports]
    early = {2**power for power in range(9) if 2**power < n_steps}
    assert steps == sorted({0, n_steps // 2, n_steps, *early, *range(0, n_steps, apart)})
    assert [report.step for report in reports if report.epoch_done] == [n_steps // 2, n_steps]
    assert all(report.n_steps == n_steps for report in reports)
    assert [report.epoch for report in reports] == [2 * step / n_steps for step in steps]
    assert all(report.validation_loss is None for report in reports)


@pytest.mark.parametrize(
    ("epochs", "steps"), [(0.01, [1]), (0.5, [2]), (1.0, [4]), (1.5, [4, 6]), (2.3, [4, 8, 9])]
)
def test_a_part_of_an_epoch_ends_inside_it(epochs, steps):
    state = new_state(SGD())
    reports = run(state, Plan(epochs, 16, SGD()), random(60, 5))
    assert [report.step for report in reports if report.epoch_done] == steps
    assert [entry["step"] for entry in state.history] == [0, *steps]
    assert [entry["epoch"] for entry in state.history] == [step / 4 for step in (0, *steps)]


def test_the_reported_errors_are_those_of_the_network():
    X, held_out = random(40, 5), random(600, 5, seed=1)
    state = new_state(Adam())
    reports = run(state, Plan(2, 16, Adam()), X, held_out=Examples(held_out))
    with torch.no_grad():
        squares = (state.network(X) - X).square().mean()
        nats = Gaussian().negative_log_likelihood(state.network(held_out), held_out).mean()
    assert reports[-1].squared_error == pytest.approx(squares.item(), rel=1e-6)
    assert reports[-1].validation_loss == pytest.approx(nats.item(), rel=1e-6)
    assert state.history[-1]["validation_loss"] == reports[-1].validation_loss
    with torch.no_grad():
        start, started = (
            Gaussian().negative_log_likelihood(build()(rows), rows).mean() for rows in (X, held_out)
        )
        squares = (build()(X) - X).square().mean()
    assert reports[0].loss == state.history[0]["loss"] == pytest.approx(start.item(), rel=1e-6)
    assert state.history[0]["validation_loss"] == pytest.approx(started.item(), rel=1e-6)
    assert state.history[0]["squared_error"] == pytest.approx(squares.item(), rel=1e-6)


def test_what_is_watched_is_taken_from_all_of_sorted_rows():
    X = torch.arange(1000.0)[:, None].repeat(1, 5)
    state = new_state(SGD(), lr=0.0)
    run(state, Plan(1, 1000, SGD()), X)
    with torch.no_grad():
        squares = (build()(X) - X).square().mean()
    assert state.history[0]["squared_error"] == pytest.approx(squares.item(), rel=0.01)


def test_early_stopping_stops_and_takes_back_the_best_weights():
    X, held_out = random(12, 5), random(12, 5, seed=1)
    state = new_state(Adam(), lr=0.03, hidden=(32,))
    plan = Plan(500, 4, Adam(), patience=6)
    run(state, plan, X, held_out=Examples(held_out))
    losses = [entry["validation_loss"] for entry in state.history[1:]]
    best = int(np.argmin(losses))
    assert best > 0
    assert len(losses) == best + 1 + plan.patience < 500
    with torch.no_grad():
        nats = Gaussian().negative_log_likelihood(state.network(held_out), held_out).mean()
    assert nats.item() == pytest.approx(min(losses), rel=1e-6)
    assert nats.item() < losses[-1]


def test_without_patience_training_goes_to_its_end():
    X, held_out = random(12, 5), random(12, 5, seed=1)
    state = new_state(Adam(), lr=0.03, hidden=(32,))
    run(state, Plan(60, 4, Adam()), X, held_out=Examples(held_out))
    assert len(state.history) == 1 + 60
    assert state.best_weights is None


def test_a_dead_unit_is_noticed_while_training():
    state = new_state(SGD(), lr=1e-3)
    state.network.bottleneck = torch.nn.ReLU()
    with torch.no_grad():
        state.network.encoder[-1].bias[:] = torch.tensor([100.0, -1e3])
    reports = run(state, Plan(1, 10, SGD()), random(100, 5))
    assert {report.dead_units for report in reports} == {(1,)}


def test_a_loss_that_is_no_number_stops_the_training():
    with pytest.raises(TrainingDivergedError, match=r"by step [0-9]+: lower `learning_rate`"):
        run(new_state(SGD(), lr=1e6), Plan(20, 10, SGD()), 100 * random(100, 5))


def test_weights_that_break_in_the_last_step_are_told_too():
    state = new_state(SGD(), lr=1e30, hidden=(), activation="identity")
    with pytest.raises(TrainingDivergedError, match=r"must stay finite .* by step 1"):
        run(state, Plan(1, 100, SGD()), random(100, 5))


def test_training_leaves_the_data_and_the_global_generator_alone():
    X = random(40, 5)
    copy, before = X.clone(), torch.get_rng_state()
    run(new_state(Muon()), Plan(2, 16, Muon()), X)
    assert torch.equal(X, copy)
    assert torch.equal(torch.get_rng_state(), before)


# --------------------------------------------------------------------------- resume


def without_seconds(history):
    return [{k: v for k, v in entry.items() if k != "seconds"} for entry in history]


@pytest.mark.parametrize("stop_after", [0, 1, 3])
@pytest.mark.parametrize(
    "part",
    [
        *(part() for part in OPTIMIZERS.values()),
        SGD(momentum=0.9, nesterov=True, schedule="cosine"),
    ],
    ids=lambda part: repr(part)[:28],
)
def test_a_resumed_training_ends_with_the_bits_of_one_that_never_stopped(
    part, stop_after, tmp_path
):
    X, held_out, plan = random(50, 5), random(9, 5, seed=1), Plan(4.5, 16, part, patience=3)

    whole = new_state(part, activation="prelu")
    run(whole, plan, X, held_out=Examples(held_out))

    stopped, kept = new_state(part, activation="prelu"), None
    for report in train(stopped, GAUSSIAN, plan, examples=Examples(X), held_out=Examples(held_out)):
        if (report.epoch_done or report.step == 0) and len(stopped.history) == 1 + stop_after:
            kept = stopped.to_arrays()
            break
    assert kept is not None
    resumed = new_state(part, activation="prelu", seed=99)
    resumed.generator.manual_seed(12345)
    write_tensors(tmp_path / "state.safetensors", *kept)
    resumed.restore(*read_tensors(tmp_path / "state.safetensors"))
    for name, array in resumed.to_arrays()[0].items():
        assert array.shape == kept[0][name].shape, name
    run(resumed, plan, X, held_out=Examples(held_out))

    assert same_weights(resumed.network, whole.network)
    assert resumed.step == whole.step
    assert without_seconds(resumed.history) == without_seconds(whole.history)
    assert torch.equal(resumed.generator.get_state(), whole.generator.get_state())


def test_the_state_on_disk_is_a_copy():
    state = new_state(Adam())
    run(state, Plan(1, 16, Adam()), random(50, 5))
    arrays, _ = state.to_arrays()
    copies = {name: array.copy() for name, array in arrays.items()}
    state.restore(*state.to_arrays())
    run(state, Plan(3, 16, Adam()), random(50, 5))
    weights = [name for name in arrays if name.startswith("weights/")]
    assert weights
    for name in weights:
        np.testing.assert_array_equal(arrays[name], copies[name])


def test_the_best_weights_survive_a_stop():
    X, held_out, plan = random(12, 5), random(12, 5, seed=1), Plan(500, 4, Adam(), patience=6)
    whole = new_state(Adam(), lr=0.03, hidden=(32,))
    run(whole, plan, X, held_out=Examples(held_out))
    stopped = new_state(Adam(), lr=0.03, hidden=(32,))
    # Past the best epoch, with two of the six epochs of patience left.
    until = len(whole.history) - 2
    for report in train(stopped, GAUSSIAN, plan, examples=Examples(X), held_out=Examples(held_out)):
        if report.epoch_done and len(stopped.history) == until:
            kept = stopped.to_arrays()
            break
    resumed = new_state(Adam(), lr=0.03, hidden=(32,), seed=5)
    resumed.restore(*kept)
    run(resumed, plan, X, held_out=Examples(held_out))
    assert len(resumed.history) == len(whole.history)
    assert same_weights(resumed.network, whole.network)


# --------------------------------------------------------------------------- recorder


def record(cap: int | None = None, epochs: float = 3) -> tuple[Recorder, TrainingState, list]:
    recorder = Recorder() if cap is None else Recorder(cap=cap)
    state, seen = new_state(Adam()), []
    for report in train(
        state, GAUSSIAN, Plan(epochs, 10, Adam()), examples=Examples(random(70, 5))
    ):
        recorder.observe(report, state.network)
        seen.append((report, copy_weights(state.network)))
    return recorder, state, seen


def test_snapshots_are_kept_at_powers_of_two_and_at_the_end():
    recorder, _, seen = record()
    assert [snapshot.step for snapshot in recorder.snapshots] == [0, 1, 2, 4, 8, 16, 21]
    assert [entry["step"] for entry in recorder.curve] == [report.step for report, _ in seen]
    assert [entry["loss"] for entry in recorder.curve] == [report.loss for report, _ in seen]


def test_snapshots_are_copies_of_what_was_there():
    recorder, _, seen = record()
    then = {report.step: weights for report, weights in seen}
    for snapshot in recorder.snapshots:
        assert set(snapshot.weights) == set(then[snapshot.step])
        for name, array in snapshot.weights.items():
            np.testing.assert_array_equal(array, then[snapshot.step][name].numpy())
    first, last = recorder.snapshots[0], recorder.snapshots[-1]
    assert any((first.weights[name] != last.weights[name]).any() for name in first.weights)


@pytest.mark.parametrize("n_kept", [2, 3, 5])
def test_snapshots_stay_below_the_cap_and_keep_both_ends(n_kept):
    size = sum(weight.numel() * 4 for weight in copy_weights(build()).values())
    recorder, _, _ = record(cap=n_kept * size + 1)
    steps = [snapshot.step for snapshot in recorder.snapshots]
    assert 2 <= len(steps) <= n_kept
    assert (steps[0], steps[-1]) == (0, 21)


def test_two_snapshots_are_always_kept():
    recorder, _, _ = record(cap=1)
    assert [snapshot.step for snapshot in recorder.snapshots] == [0, 21]


def test_a_report_that_is_known_already_is_passed_over():
    recorder, state, seen = record()
    n_entries, n_snapshots = len(recorder.curve), len(recorder.snapshots)
    for report, _ in seen:
        recorder.observe(report, state.network)
    assert (len(recorder.curve), len(recorder.snapshots)) == (n_entries, n_snapshots)


# --------------------------------------------------------------------------- memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries go their own way")
def test_what_a_step_frees_stays_at_hand():
    """In a process of its own, for what has been freed before changes what malloc keeps."""
    code = """
import resource, torch
from inscape.training.memory import keep_freed_memory
keep_freed_memory()
def step():
    blocks = [torch.ones(500_000) for _ in range(10)]  # 20 MB in all, none above 2 MB
for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    # Without the lesson it is each page of each step, 48,000, unless something lies above them.
    assert int(done.stdout) < 100
