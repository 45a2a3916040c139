"""The room `networks`: bottlenecks that select, normalise and quantise, against NumPy."""

from __future__ import annotations

import copy
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from torch import Tensor, nn

from inscape._errors import InvalidDataError, InvalidParameterError
from inscape.measures.codebook import codebook_usage
from inscape.networks import Convolutional, Dense, Examples, Sizes, Start
from inscape.networks.network import Network, Pass, matrices_beside
from inscape.networks.spherical import Spherical
from inscape.networks.top_k import BatchTopK, TopK
from inscape.networks.vector_quantized import VectorQuantized
from inscape.objectives import Bernoulli, Gaussian, Reconstruction

PARTS: dict[str, Any] = {
    "top_k": TopK(k=2, dead_after=3),
    "batch_top_k": BatchTopK(k=2, dead_after=3),
    "spherical": Spherical(),
    "vector_quantized": VectorQuantized(codebook_size=6),
    "a grid": VectorQuantized(codebook_size=6, n_symbols=5),
}


def draws(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(*shape, generator=draws(seed), dtype=dtype)


def passed(network: Network, rows: Tensor, likelihood: Any = None) -> Pass:
    linear = network.encoder(rows)
    codes = network.bottleneck(linear)
    outputs = network.decoder(codes)
    return Pass(network, rows, rows, linear, codes, outputs, likelihood or Gaussian(), len(rows))


def linear_network(bottleneck: nn.Module, n_features: int, n_components: int) -> Network:
    layers = nn.Linear(n_features, n_components), nn.Linear(n_components, n_features)
    for seed, layer in enumerate(layers):
        layer.weight.data = 0.5 * normal(*layer.weight.shape, seed=seed)
        layer.bias.data = 0.1 * normal(*layer.bias.shape, seed=9 + seed)
    return Network(layers[0], bottleneck, layers[1])


# --------------------------------------------------------------------------- every bottleneck


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("word", PARTS)
def test_in_use_a_row_is_coded_by_itself_and_no_buffer_changes(word, dtype):
    module = PARTS[word].build(5, generator=draws()).to(dtype)
    for seed in range(5):
        module(normal(16, 5, seed=seed, dtype=dtype))
    module.eval()
    before = copy.deepcopy(module.state_dict())
    rows = normal(40, 5, seed=99, dtype=dtype)
    together = module(rows)
    alone = torch.cat([module(row[None]) for row in rows])
    torch.testing.assert_close(together, alone, rtol=0, atol=0)
    torch.testing.assert_close(module(rows.flip(0)).flip(0), together, rtol=0, atol=0)
    assert together.shape == rows.shape
    assert together.dtype == dtype
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize("word", PARTS)
def test_all_that_is_learned_is_saved_in_buffers(word):
    trained, fresh = (PARTS[word].build(5, generator=draws(seed)) for seed in (0, 1))
    for seed in range(5):
        trained(normal(16, 5, seed=seed))
    fresh.load_state_dict(trained.state_dict())
    assert not list(trained.parameters())
    rows = normal(16, 5, seed=7)
    for _ in range(2):
        assert torch.equal(trained(rows), fresh(rows))
    for name, value in trained.state_dict().items():
        assert torch.equal(value, fresh.state_dict()[name]), name
    assert torch.equal(trained.eval()(rows), fresh.eval()(rows))


@pytest.mark.parametrize("word", PARTS)
def test_nothing_is_drawn_but_from_the_generator(word):
    before = torch.get_rng_state()
    first, second = (PARTS[word].build(5, generator=draws(3)) for _ in range(2))
    rows = normal(16, 5)
    assert torch.equal(first.eval()(rows), second.eval()(rows))
    assert torch.equal(first.train()(rows), second.train()(rows))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("part", "options", "message"),
    [
        (TopK, {"k": 0}, "`k` must be an integer >= 1; got 0"),
        (BatchTopK, {"k": 2.0}, "`k` must be an integer >= 1; got 2.0"),
        (TopK, {"revival": -1}, "`revival` must be a number >= 0; got -1"),
        (TopK, {"revival_k": 0}, "`revival_k` must be an integer >= 1; got 0"),
        (BatchTopK, {"dead_after": 0}, "`dead_after` must be a number of steps, .*; got 0: take"),
        (TopK, {"dead_after": 0.0}, "`dead_after` must be .* above 0 and below 1; got 0.0"),
        (TopK, {"dead_after": 1.5}, "`dead_after` must be .* an integer >= 1, .*; got 1.5"),
        (TopK, {"dead_after": True}, "`dead_after` must be a number of steps.*; got True"),
        (TopK, {"tied_start": 1}, "`tied_start` must be True or False; got 1"),
        (BatchTopK, {"unit_columns": None}, "`unit_columns` must be True or False; got None"),
        (VectorQuantized, {"codebook_size": 1}, "`codebook_size` must be an integer >= 2; got 1"),
        (VectorQuantized, {"commitment": -0.1}, "`commitment` must be a number >= 0; got -0.1"),
        (VectorQuantized, {"decay": 1.0}, "`decay` must be a number >= 0 and < 1; got 1.0"),
    ],
)
def test_options_that_cannot_hold_are_refused(part, options, message):
    with pytest.raises(InvalidParameterError, match=message):
        part(**options)


@pytest.mark.parametrize(
    ("part", "n_components", "message"),
    [
        (TopK(), 2, "`k` must be an integer from 1 to n_components = 2; got 8"),
        (BatchTopK(), 7, "`k` must be an integer from 1 to n_components = 7; got 8"),
        (Spherical(), 1, "`n_components` must be an integer >= 2; got 1"),
    ],
)
def test_a_code_too_narrow_is_refused(part, n_components, message):
    with pytest.raises(InvalidParameterError, match=message):
        part.build(n_components, generator=draws())


# --------------------------------------------------------------------------- the largest codes


@given(n_rows=st.integers(1, 9), n_components=st.integers(1, 12), data=st.data())
@settings(max_examples=50, deadline=None)
def test_top_k_is_numpys_sort(n_rows, n_components, data):
    k = data.draw(st.integers(1, n_components))
    linear = normal(n_rows, n_components, seed=data.draw(st.integers(0, 999)))
    codes = TopK(k=k).build(n_components, generator=draws())(linear).numpy()
    a = linear.numpy()
    smallest = np.sort(a, axis=1)[:, -k][:, None]
    np.testing.assert_array_equal(codes, np.where(a >= smallest, a.clip(min=0), 0))


@given(n_rows=st.integers(1, 9), n_components=st.integers(1, 12), data=st.data())
@settings(max_examples=50, deadline=None)
def test_batch_top_k_keeps_k_a_row_on_average(n_rows, n_components, data):
    k = data.draw(st.integers(1, n_components))
    linear = normal(n_rows, n_components, seed=data.draw(st.integers(0, 999))).abs() + 0.01
    module = BatchTopK(k=k).build(n_components, generator=draws())
    codes = module(linear)
    assert (codes > 0).sum() == n_rows * k
    smallest = np.sort(linear.numpy(), axis=None)[-n_rows * k]
    assert codes[codes > 0].min().item() == smallest
    # The first batch sets the threshold, so that in use it gets the same codes.
    assert torch.equal(module.eval()(linear), codes)


def test_the_gradient_reaches_the_kept_codes_only():
    for part in (TopK(k=2), BatchTopK(k=2)):
        linear = (normal(6, 5)).requires_grad_()
        codes = part.build(5, generator=draws())(linear)
        codes.sum().backward()
        assert torch.equal(linear.grad, (codes > 0).float())


def test_the_threshold_is_the_mean_of_the_smallest_kept_codes():
    module = BatchTopK(k=1).build(4, generator=draws())
    smallest = []
    for seed in range(150):
        codes = module(normal(8, 4, seed=seed))
        smallest.append(codes[codes > 0].min().item())
        if seed == 19:
            assert module.threshold.item() == pytest.approx(np.mean(smallest), rel=1e-5)
            wanted = np.mean(smallest)
    for value in smallest[20:]:
        wanted = 0.95 * wanted + 0.05 * value
    assert module.threshold.item() == pytest.approx(wanted, rel=1e-5)
    # A batch without a code above 0 says nothing about it.
    before = module.threshold.clone()
    assert not module(-torch.ones(8, 4)).any()
    assert torch.equal(module.threshold, before)
    assert module.n_batches == 150


def test_a_short_last_batch_does_not_move_the_threshold():
    module, whole = (BatchTopK(k=2).build(6, generator=draws()) for _ in range(2))
    for seed in range(20):
        module(normal(64, 6, seed=seed))
        whole(normal(64, 6, seed=seed))
        module(normal(1, 6, seed=100 + seed))
    assert torch.equal(module.threshold, whole.threshold)
    rows = normal(4000, 6, seed=999)
    kept = (module.eval()(rows) > 0).sum(dim=1).float().mean()
    assert kept.item() == pytest.approx(2, abs=0.1)


def test_silent_steps_are_counted_in_training_only():
    module = TopK(k=1, dead_after=3).build(3, generator=draws())
    rows = torch.tensor([[2.0, 1.0, -1.0]])
    for _ in range(2):
        module(rows)
    module.eval()(rows)
    assert module.steps_silent.tolist() == [0, 2, 2]
    assert not module.dead().any()
    module.train()(torch.tensor([[0.0, 0.0, 5.0], [0.0, 0.0, 0.0]]))
    assert module.steps_silent.tolist() == [1, 3, 0]
    assert module.dead().tolist() == [False, True, False]


def test_units_are_dead_after_a_share_of_the_steps_that_are_planned():
    module = TopK(k=1, dead_after=0.1).build(3, generator=draws())
    module.steps_silent[:] = torch.tensor([2, 19, 60])
    assert module.dead(200).tolist() == [False, False, True]
    assert module.dead(20).tolist() == [True, True, True]
    # Of three steps a share of one remains.
    assert module.dead(3).tolist() == [True, True, True]
    assert module.dead().tolist() == [False, False, True]  # a default training has 600


# --------------------------------------------------------------------------- the matrices beside


def sizes(n_features: int = 16, n_components: int = 6) -> Sizes:
    return Sizes(n_features, n_components, n_components, n_features)


@pytest.mark.parametrize("kind", [TopK, BatchTopK])
@pytest.mark.parametrize(
    "network", [Dense(hidden=()), Dense(hidden=(9, 5)), Convolutional(channels=(4,), dense=(5,))]
)
def test_the_matrices_beside_start_as_each_others_transpose(kind, network):
    start = Start(row=normal(16, seed=3), output=normal(16, seed=4))
    built, plain = (
        network.build(
            sizes(), bottleneck=each.build(6, generator=draws()), generator=draws(), start=start
        )
        for each in (kind(k=2), kind(k=2, tied_start=False))
    )
    before, after = matrices_beside(built.encoder, built.decoder)
    assert torch.equal(before.weight, after.weight.T)
    torch.testing.assert_close(after.weight.norm(dim=0), torch.ones(6))
    # Nothing else is drawn otherwise, and the mean row still is where biases put it.
    theirs = matrices_beside(plain.encoder, plain.decoder)[1].weight
    torch.testing.assert_close(after.weight, theirs / theirs.norm(dim=0))
    if network == Dense(hidden=()):
        row = built.linear_codes(start.row[None])
        torch.testing.assert_close(row, torch.zeros(1, 6), rtol=0, atol=1e-5)


def test_matrices_meet_only_beside_the_codes_with_weights_of_their_own():
    part = TopK(k=2)
    for network in (Dense(hidden=(5,), tied=True), Convolutional(channels=(4,), dense=())):
        module = part.build(6, generator=draws())
        built = network.build(sizes(), bottleneck=module, generator=draws())
        plain = network.build(sizes(), bottleneck=nn.ReLU(), generator=draws())
        if network == Dense(hidden=(5,), tied=True):
            assert matrices_beside(built.encoder, built.decoder) is None
            for one, other in zip(built.parameters(), plain.parameters(), strict=True):
                assert torch.equal(one, other)
        else:
            assert matrices_beside(built.encoder, built.decoder) is not None
    lone = nn.Sequential(nn.Linear(4, 3)), nn.Sequential(nn.Linear(3, 5))
    assert matrices_beside(*lone) is None
    assert matrices_beside(nn.Identity(), nn.Linear(3, 3)) is None


@pytest.mark.parametrize("unit", [True, False])
def test_columns_have_length_1_in_each_training_step_alone(unit):
    network = linear_network(TopK(k=2, unit_columns=unit).build(6, generator=draws()), 8, 6)
    network.decoder.weight.data[:, 3] = 0
    before, rows = network.decoder.weight.detach().clone(), Examples(normal(9, 8))
    objective = Reconstruction(Gaussian())
    objective.terms(network.eval(), rows.features, rows, generator=draws())
    assert torch.equal(network.decoder.weight, before)
    terms = objective.terms(network.train(), rows.features, rows, generator=draws())
    if not unit:
        assert torch.equal(network.decoder.weight, before)
        return
    lengths = torch.tensor([1.0, 1, 1, 0, 1, 1])
    torch.testing.assert_close(network.decoder.weight.norm(dim=0), lengths)
    torch.testing.assert_close(network.decoder.weight, before / before.norm(dim=0).clamp(min=1e-9))
    # The pass is of the network as it is held, and has its gradient.
    outputs = network(rows.features)
    nats = Gaussian().negative_log_likelihood(outputs, rows.features).mean()
    torch.testing.assert_close(terms["reconstruction"], nats)
    terms["reconstruction"].backward()


# --------------------------------------------------------------------------- revival


@pytest.mark.parametrize("part", [TopK, BatchTopK])
def test_revival_is_the_papers_for_a_linear_decoder(part):
    alpha, n_features, n_components = 0.3, 7, 6
    module = part(k=2, revival=alpha, revival_k=2).build(n_components, generator=draws())
    network = linear_network(module, n_features, n_components)
    seen = passed(network, normal(9, n_features, seed=5))
    module.steps_silent[[0, 3, 4]] = 1000
    ours = module.penalty(seen, generator=draws())
    # By hand: the residual against the two largest of units 0, 3 and 4, without the bias.
    residual = (seen.targets - seen.outputs).detach()
    dead = seen.linear[:, [0, 3, 4]]
    dropped = dead.argmin(dim=1, keepdim=True)
    kept = dead.scatter(1, dropped, 0)
    estimate = kept @ network.decoder.weight[:, [0, 3, 4]].T
    paper = (residual - estimate).square().sum(dim=1).mean()
    constant = residual.square().sum(dim=1).mean()
    torch.testing.assert_close(ours, alpha * (paper - constant) / 2)
    parameters = list(network.parameters())
    gradients = torch.autograd.grad(ours, parameters, retain_graph=True)
    wanted = torch.autograd.grad(alpha * paper / 2, parameters, allow_unused=True)
    for parameter, got, expected in zip(parameters, gradients, wanted, strict=True):
        if expected is None:
            expected = torch.zeros_like(parameter)
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-6)


def test_revival_of_a_nonlinear_decoder_judges_the_outputs_with_the_dead_codes_added():
    module = TopK(k=2, revival=0.5).build(6, generator=draws())
    network = linear_network(module, 8, 6)
    network.decoder = nn.Sequential(network.decoder, nn.BatchNorm1d(8), nn.Tanh())
    seen = passed(network, torch.rand(9, 8, generator=draws(5)), Bernoulli())
    module.steps_silent[1] = 1000
    before = copy.deepcopy(network.state_dict())
    ours = module.penalty(seen, generator=draws())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    added = seen.codes.clone()
    added[:, 1] += seen.linear[:, 1]
    nats = [
        Bernoulli().negative_log_likelihood(network.decoder(codes), seen.targets).mean()
        for codes in (added, seen.codes)
    ]
    torch.testing.assert_close(ours, 0.5 * (nats[0] - nats[1]))


@pytest.mark.parametrize("part", [TopK(k=2), TopK(k=2, revival=0.0, dead_after=1)])
def test_no_dead_unit_or_no_weight_costs_nothing(part):
    module = part.build(6, generator=draws())
    network = linear_network(module, 8, 6)
    for _ in range(3):
        seen = passed(network, normal(9, 8))
    module.steps_silent += 5
    assert module.penalty(seen, generator=draws()).item() == 0


@pytest.mark.parametrize("revival", [1 / 32, 0.0])
@pytest.mark.parametrize("kind", [TopK, BatchTopK])
def test_dead_units_come_back_by_their_revival_alone(kind, revival):
    # Each row holds one of eight directions; four of the eight units know theirs, four are dead.
    rows = torch.eye(8).repeat(4, 1) * (1 + torch.rand(32, 1, generator=draws()))
    module = kind(k=1, revival=revival, dead_after=10).build(8, generator=draws())
    network = linear_network(module, 8, 8)
    with torch.no_grad():
        for layer in (network.encoder, network.decoder):
            layer.weight.copy_(torch.eye(8))
            layer.bias.zero_()
        network.encoder.weight[4:] = 0.1 * normal(4, 8)
        network.decoder.weight[:, 4:] = 0.1 * normal(8, 4, seed=1)
        network.encoder.bias[4:] = -0.3
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(400):
        seen = passed(network, rows)
        error = (seen.outputs - rows).square().sum(dim=1).mean()
        optimizer.zero_grad()
        (error / 2 + module.penalty(seen, generator=draws())).backward()
        optimizer.step()
    # The decoder's bias can stand in for one direction, so that one unit may stay without work.
    n_dead = int(module.dead().sum())
    assert n_dead <= 1 if revival else n_dead >= 3
    assert error < 0.05 if revival else error > 0.4


# --------------------------------------------------------------------------- the sphere


@given(n_rows=st.integers(1, 6), n_components=st.integers(2, 8), size=st.floats(1e-15, 1e15))
@settings(max_examples=50, deadline=None)
def test_codes_are_directions(n_rows, n_components, size):
    linear = size * normal(n_rows, n_components)
    codes = Spherical().build(n_components, generator=draws())(linear)
    wanted = linear.double() / torch.linalg.vector_norm(linear.double(), dim=1, keepdim=True)
    torch.testing.assert_close(codes, wanted.float())


def test_the_spheres_gradient_is_tangent_and_finite_at_zero():
    module = Spherical().build(3, generator=draws())
    linear = normal(5, 3, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(module, linear)
    (gradient,) = torch.autograd.grad((module(linear) * normal(5, 3).double()).sum(), linear)
    torch.testing.assert_close((gradient * linear).sum(dim=1), torch.zeros(5).double())
    for size in (0.0, 1e-45, 1e-30, 1e-20, 1e-10):
        small = torch.full((2, 3), size, requires_grad=True)
        codes = module(small)
        codes.square().sum().backward()
        assert torch.isfinite(small.grad).all()
        torch.testing.assert_close(torch.linalg.vector_norm(codes, dim=1), torch.ones(2))


# --------------------------------------------------------------------------- the codebook


def test_a_grid_is_the_codebook_of_each_of_its_vectors():
    """Against one symbol a row, of all rows' vectors under each other."""
    grid = VectorQuantized(codebook_size=6, n_symbols=4).build(12, generator=draws())
    single = VectorQuantized(codebook_size=6).build(3, generator=draws())
    assert torch.equal(grid.codebook, single.codebook)
    for seed in range(4):
        rows = normal(20, 12, seed=seed).requires_grad_()
        alone = rows.detach().reshape(80, 3).requires_grad_()
        codes, each = grid(rows), single(alone)
        assert torch.equal(codes.view(80, 3), each)
        weights = normal(20, 12, seed=9)
        (gradient,) = torch.autograd.grad((codes * weights).sum(), rows)
        torch.testing.assert_close(gradient, weights, rtol=0, atol=0)
        assert torch.equal(grid.codebook, single.codebook)
        assert torch.equal(grid.indices(codes), single.indices(each).view(20, 4))
        # The price is a row's: of four vectors it is four times the mean of one's.
        seen = SimpleNamespace(linear=rows, codes=codes)
        one = SimpleNamespace(linear=alone, codes=each)
        price, share = (
            module.penalty(what, generator=draws()).item()
            for module, what in ((grid, seen), (single, one))
        )
        assert price == pytest.approx(4 * share, rel=1e-5)
    codes = grid.eval()(normal(20, 12))
    assert torch.equal(grid.entries(grid.indices(codes)), codes)


def test_places_are_told_once():
    part = VectorQuantized()
    assert part.for_places(9) == VectorQuantized(n_symbols=9)
    assert VectorQuantized(n_symbols=2).for_places(9) == VectorQuantized(n_symbols=2)
    assert TopK().for_places(9) == TopK()


def nearest(rows: np.ndarray, codebook: np.ndarray) -> np.ndarray:
    return ((rows[:, None] - codebook[None]) ** 2).sum(axis=2).argmin(axis=1)


def test_codes_are_the_nearest_entries_and_the_gradient_goes_straight_through():
    module = VectorQuantized(codebook_size=6).build(3, generator=draws())
    linear = normal(20, 3).requires_grad_()
    module.eval()
    codes = module(linear)
    indices = module.indices(linear)
    codebook = module.codebook.numpy()
    assert indices.dtype == torch.int64
    np.testing.assert_array_equal(indices, nearest(linear.detach().numpy(), codebook))
    np.testing.assert_array_equal(codes.detach(), codebook[indices])  # to the last bit
    weights = normal(20, 3, seed=4)
    for mode in (True, False):
        (gradient,) = torch.autograd.grad((module.train(mode)(linear) * weights).sum(), linear)
        assert torch.equal(gradient, weights)


def test_the_commitment_is_the_papers():
    module = VectorQuantized(codebook_size=6, commitment=0.25).build(3, generator=draws())
    network = linear_network(module, 5, 3)
    seen = passed(network, normal(9, 5))
    loss = module.penalty(seen, generator=draws())
    gap = (seen.linear - seen.codes).detach()
    torch.testing.assert_close(loss.detach(), 0.25 * gap.square().sum(dim=1).mean())
    (gradient,) = torch.autograd.grad(loss, seen.linear)
    torch.testing.assert_close(gradient, 0.25 * 2 * gap / 9)


def test_the_codebook_follows_the_papers_moving_averages():
    size, gamma = 5, 0.8
    module = VectorQuantized(codebook_size=size, decay=gamma).build(2, generator=draws()).double()
    module(normal(50, 2, seed=100, dtype=torch.float64))
    codebook, N, m = (v.numpy().copy() for v in (module.codebook, module.counts, module.sums))
    for seed in range(20):
        rows = normal(50, 2, seed=seed, dtype=torch.float64)
        cells = nearest(rows.numpy(), codebook)
        np.testing.assert_allclose(module(rows), codebook[cells], rtol=1e-10)
        for i in range(size):
            z = rows.numpy()[cells == i]
            N[i] = N[i] * gamma + len(z) * (1 - gamma)
            m[i] = m[i] * gamma + z.sum(axis=0) * (1 - gamma)
        total = N.sum()
        codebook = m / ((N + 1e-5) / (total + size * 1e-5) * total)[:, None]
        np.testing.assert_allclose(module.codebook, codebook, rtol=1e-10)
        np.testing.assert_allclose(module.counts, N, rtol=1e-10)


def clusters() -> np.ndarray:
    rng = np.random.default_rng(0)
    means = 10 * np.array([[0, 0], [1, 0], [0, 1], [1, 1], [3, 3], [-2, 1]])
    return rng.permutation(np.repeat(means, 50, axis=0) + rng.normal(size=(300, 2)))


def test_alone_it_is_k_means():
    rows = torch.tensor(clusters(), dtype=torch.float32)
    module = VectorQuantized(codebook_size=6, decay=0.95).build(2, generator=draws())
    for seed in range(60):
        for batch in rows[torch.randperm(300, generator=draws(seed))].split(100):
            module(batch)
    means = KMeans(6, n_init=10, random_state=0).fit(clusters()).cluster_centers_
    order = nearest(means, module.codebook.numpy())
    assert sorted(order) == list(range(6))
    # A moving average of the last twenty batches of a hundred wavers by about 1/sqrt(1000).
    np.testing.assert_allclose(module.codebook.numpy()[order], means, atol=0.15)


def test_the_first_batch_gives_each_cluster_an_entry():
    rows = torch.tensor(clusters(), dtype=torch.float32)
    module = VectorQuantized(codebook_size=6).build(2, generator=draws())
    module(rows)
    sizes = module.indices(rows).bincount(minlength=6)
    assert sizes.tolist() == [50] * 6


def test_a_first_batch_smaller_than_the_codebook_places_it_all():
    rows = normal(3, 2)
    module = VectorQuantized(codebook_size=10).build(2, generator=draws())
    codes = module(rows)
    torch.testing.assert_close(codes, rows, rtol=0, atol=0.01)
    assert len(module.codebook.unique(dim=0)) == 10
    assert torch.cdist(module.codebook, rows).min(dim=1).values.max() < 0.01


def test_an_unused_entry_moves_to_the_row_that_needs_it():
    module = VectorQuantized(codebook_size=4, decay=0.9).build(1, generator=draws())
    module(torch.tensor([[0.0], [1.0], [2.0], [100.0]]))
    rows = torch.tensor([[0.0], [1.0], [2.0], [2.0], [7.0]])
    for _ in range(150):
        module(rows)
    assert module.codebook.max() < 50
    torch.testing.assert_close(module.eval()(rows), rows, rtol=0, atol=0.05)


# --------------------------------------------------------------------------- codebook_usage


def test_usage_counts_what_a_quantiser_uses():
    module = VectorQuantized(codebook_size=16).build(3, generator=draws())
    rows = normal(200, 3)
    module(rows)
    module.eval()
    usage = codebook_usage(module(rows).numpy(), codebook_size=16)
    counts = np.bincount(module.indices(rows), minlength=16)
    assert usage.counts == tuple(sorted(counts[counts > 0].tolist(), reverse=True))
    p = counts[counts > 0] / 200
    assert usage.perplexity == pytest.approx(math.exp(-(p * np.log(p)).sum()))
    assert usage.share_used == usage.n_used / 16


@given(counts=st.lists(st.integers(1, 5), min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_perplexity_is_between_1_and_the_vectors_used(counts):
    codes = np.repeat(np.arange(len(counts))[:, None], counts, axis=0)
    usage = codebook_usage(codes)
    assert usage.n_used == len(counts)
    assert usage.counts == tuple(sorted(counts, reverse=True))
    assert 1 - 1e-12 <= usage.perplexity <= len(counts) + 1e-9
    assert usage.share_used is None
    if len(set(counts)) == 1:
        assert usage.perplexity == pytest.approx(len(counts))


def test_usage_refuses_codes_that_no_such_codebook_made():
    with pytest.raises(InvalidParameterError, match=r"distinct codes \(5\); got 4: give codes"):
        codebook_usage(np.arange(5.0)[:, None], codebook_size=4)
    with pytest.raises(InvalidParameterError, match="`codebook_size` must be an integer >= 1"):
        codebook_usage(np.arange(5.0)[:, None], codebook_size=0)
    with pytest.raises(InvalidDataError, match="codes must be finite; got NaN at row 0"):
        codebook_usage(np.array([[math.nan, 1.0]]))
