"""The models of the zoo as plain PyTorch: what a good tutorial, or the paper's own code, does.

Sizes and arithmetic are ours. Each model is two networks and a loss in mean nats per row; a second
loss, where there is one, is its rival's: a critic's, for instance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from scipy.special import ive
from torch import Tensor, nn
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    elu,
    linear,
    logsigmoid,
    mse_loss,
    softplus,
)

from benchmarks.measure import Stopwatch

LATENT, HIDDEN = 10, (256, 64)
N_CLASSES = 10
LOG_2_PI = math.log(2 * math.pi)


def train(net: Plain, X: Tensor, *, epochs: int, batch_size: int) -> Stopwatch:
    """Train in place with Adam; return the clock, which runs in the epochs alone."""
    clock = Stopwatch()
    optimizers = [torch.optim.Adam(each, lr=1e-3) for each in net.players() if each]
    step = 0
    with clock.running():
        for _ in range(epochs):
            running_loss = 0.0
            for rows in torch.randperm(len(X)).split(batch_size):
                for optimizer in optimizers:
                    optimizer.zero_grad()
                loss = net.backward(X[rows], step)
                for optimizer in optimizers:
                    optimizer.step()
                running_loss += loss.item()
                step += 1
    return clock


def layers(*widths: int, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    """Return linear layers with an activation between each two."""
    stack: list[nn.Module] = []
    for n_in, n_out in pairwise(widths):
        stack += [nn.Linear(n_in, n_out), activation()]
    return nn.Sequential(*stack[:-1])


class Plain(nn.Module):
    """Encoder and decoder of the rows X, and what else a model asks for, each made of X."""

    def __init__(
        self,
        X: Tensor,
        loss: Callable[..., Any],
        *,
        n_code: int = 2 * LATENT,
        n_labels: int = 0,
        rival: str | None = None,
        **modules: Callable[[Tensor], nn.Module],
    ) -> None:
        super().__init__()
        self.loss, self.rival = loss, rival
        self.n_samples, n_columns = X.shape
        self.share_masked = 0.2
        self.encoder = layers(n_columns, *HIDDEN, n_code)
        self.decoder = layers(LATENT + n_labels, *reversed(HIDDEN), n_columns - n_labels)
        for name, build in modules.items():
            self.add_module(name, build(X))

    def players(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Return the parameters that follow the loss, and the rival's."""
        theirs = [] if self.rival is None else list(getattr(self, self.rival).parameters())
        known = set(theirs)
        return [each for each in self.parameters() if each not in known], theirs

    def backward(self, x: Tensor, step: int) -> Tensor:
        """Leave gradients in the parameters; return the loss."""
        if self.rival is None:
            loss = self.loss(self, x, step)
            loss.backward()
            return loss
        (loss, theirs), (own, rivals) = self.loss(self, x, step), self.players()
        loss.backward(inputs=own, retain_graph=True)
        theirs.backward(inputs=rivals)
        return loss


# --------------------------------------------------------------------------- the plain VAE


class Codes(NamedTuple):
    """Codes drawn from diagonal Gaussians, by which noise, and those."""

    z: Tensor
    noise: Tensor
    mean: Tensor
    log_variance: Tensor


def draw(encoded: Tensor, *n_draws: int) -> Codes:
    """Return codes (n, d), or (n_draws, n, d)."""
    mean, log_variance = encoded.chunk(2, dim=1)
    noise = torch.randn(*n_draws, *mean.shape)
    return Codes(mean + torch.exp(0.5 * log_variance) * noise, noise, mean, log_variance)


def cross_entropy(net: Plain, z: Tensor, x: Tensor) -> Tensor:
    """Return the Bernoulli likelihood's nats."""
    return binary_cross_entropy_with_logits(net.decoder(z), x, reduction="sum") / len(x)


def vae(price: Callable[..., Tensor], error: Callable[..., Tensor] = cross_entropy) -> Any:
    """Return the loss that is the error and a price on the codes."""

    def loss(net: Plain, x: Tensor, step: int) -> Tensor:
        codes = draw(net.encoder(x))
        return error(net, codes.z, x) + price(net, codes, step)

    return loss


def by_component(codes: Codes) -> Tensor:
    """Return the divergences from the standard normal, (n, d)."""
    return 0.5 * (codes.mean.square() + codes.log_variance.exp() - codes.log_variance - 1)


def divergence(codes: Codes) -> Tensor:
    """Return the mean over the rows."""
    return by_component(codes).sum(dim=1).mean()


# --------------------------------------------------------------------------- other divergences


def weighted(weight: Callable[[int], float]) -> Callable[..., Tensor]:
    """Return the divergence's price where its weight depends on the step."""
    return lambda net, codes, step: weight(step) * divergence(codes)


def capacity(net: Plain, codes: Codes, step: int) -> Tensor:
    """Return the price of a divergence that is not the capacity so far."""
    return 100 * (divergence(codes) - 25 * min(1.0, step / 600)).abs()


def free_bits(net: Plain, codes: Codes, step: int) -> Tensor:
    """Return the divergence, at least a quarter of a nat a component."""
    return by_component(codes).mean(dim=0).clamp(min=0.25).sum()


def total_correlation(net: Plain, codes: Codes, step: int) -> Tensor:
    """Return the divergence and five times the total correlation, by stratified sampling."""
    n, N = len(codes.z), net.n_samples
    shares = torch.full((n, n), math.log((N - 1) / (N * (n - 1)))).fill_diagonal_(-math.log(N))
    mean, log_variance = (each.T[:, None] for each in (codes.mean, codes.log_variance))
    squares = (codes.z.T[:, :, None] - mean).square() * torch.exp(-log_variance)
    pairs = -0.5 * (squares + log_variance + LOG_2_PI)
    joint = (pairs.sum(dim=0) + shares).logsumexp(dim=1)
    marginals = (pairs + shares).logsumexp(dim=2).sum(dim=0)
    return divergence(codes) + 5 * (joint - marginals).mean()


def covariance(net: Plain, codes: Codes, step: int, *, own: bool, diagonal: float) -> Tensor:
    """Return the divergence, and the price of the means' covariance, or of all codes'."""
    centred = codes.mean - codes.mean.mean(dim=0)
    matrix = centred.T @ centred / len(centred)
    if own:
        matrix = matrix + codes.log_variance.exp().mean(dim=0).diag()
    variances = matrix.diagonal()
    off_diagonal = matrix.square().sum() - variances.square().sum()
    return divergence(codes) + 10 * off_diagonal + diagonal * (variances - 1).square().sum()


def information(net: Plain, codes: Codes, step: int) -> Tensor:
    """Return the InfoVAE's price."""
    return 0.5 * divergence(codes) + 9.5 * discrepancy(codes.z)


def discrepancy(z: Tensor) -> Tensor:
    """Return the squared maximum mean discrepancy from as many normal draws."""
    n, drawn = len(z), torch.randn(z.shape)
    within = kernel(z, z) + kernel(drawn, drawn)
    return (within.sum() - within.trace()) / (n * (n - 1)) - 2 * kernel(z, drawn).mean()


def kernel(a: Tensor, b: Tensor) -> Tensor:
    """Return the sum of inverse multiquadratics between each two."""
    squares = a.square().sum(dim=1)[:, None] + b.square().sum(dim=1) - 2 * a @ b.T
    relative = squares / (2 * LATENT)
    return sum(s / (s + relative) for s in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0))


def build_critic(X: Tensor) -> nn.Module:
    """Return a network from codes to a logit."""
    return layers(LATENT, 256, 256, 1, activation=partial(nn.LeakyReLU, 0.2))


def factor_vae(net: Plain, x: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Return the bound with the logits' price, and the loss of who tells permuted codes."""
    codes = draw(net.encoder(x))
    permuted = codes.z.detach().gather(0, torch.rand(codes.z.shape).argsort(dim=0))
    logits, of_permuted = net.critic(codes.z), net.critic(permuted)
    loss = cross_entropy(net, codes.z, x) + divergence(codes) + 6.4 * logits.mean()
    return loss, 0.5 * (softplus(-logits).mean() + softplus(of_permuted).mean())


def adversarial(net: Plain, x: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Return the error with the non-saturating loss, and the loss of who tells normal draws."""
    z = net.encoder(x)
    logits, of_drawn = net.critic(z), net.critic(torch.randn(z.shape))
    loss = cross_entropy(net, z, x) + softplus(-logits).mean()
    return loss, 0.5 * (softplus(-of_drawn).mean() + softplus(logits).mean())


# --------------------------------------------------------------------------- without a density


def wasserstein(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the error and ten times the discrepancy of deterministic codes."""
    z = net.encoder(x)
    return cross_entropy(net, z, x) + 10 * discrepancy(z)


def regularized(net: Plain, x: Tensor, step: int, *, by_gradient: bool) -> Tensor:
    """Return the error, the codes' lengths, and the decoder's weights or its gradient."""
    z = net.encoder(x)
    logits = net.decoder(z)
    if by_gradient:
        signs = 2.0 * torch.randint(2, logits.shape) - 1
        (slopes,) = torch.autograd.grad(torch.sigmoid(logits), z, signs, create_graph=True)
        penalty = 1e-2 * slopes.square().sum() / len(z)
    else:
        matrices = [weight for weight in net.decoder.parameters() if weight.ndim == 2]
        squares = sum(weight.square().sum() for weight in matrices)
        penalty = 10.0 / (2 * net.n_samples) * squares
    nats = binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    return nats + 0.5e-2 * z.square().sum(dim=1).mean() + penalty


class Codebook(nn.Module):
    """Entries that follow the codes by moving averages."""

    def __init__(self, X: Tensor) -> None:
        super().__init__()
        self.register_buffer("codebook", torch.randn(512, LATENT))
        self.register_buffer("counts", torch.ones(512))
        self.register_buffer("sums", self.codebook.clone())

    @torch.no_grad()
    def forward(self, z: Tensor) -> Tensor:
        """Return the nearest entries, and move all of them."""
        nearest = (self.codebook.square().sum(dim=1) - 2 * z @ self.codebook.T).argmin(dim=1)
        entries = self.codebook[nearest]
        counts = torch.zeros_like(self.counts).index_add_(0, nearest, torch.ones(len(z)))
        self.counts.lerp_(counts, 0.01)
        self.sums.lerp_(torch.zeros_like(self.sums).index_add_(0, nearest, z), 0.01)
        total = self.counts.sum()
        smoothed = (self.counts + 1e-5) / (total + 512e-5) * total
        self.codebook.copy_(self.sums / smoothed[:, None])
        return entries


def vector_quantized(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the error, its gradient going straight through, and the commitment."""
    z = net.encoder(x)
    entries = net.book(z)
    commitment = 0.25 * (z - entries).square().sum(dim=1).mean()
    return cross_entropy(net, z + (entries - z).detach(), x) + commitment


# --------------------------------------------------------------------------- noise and prices


def denoising(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the error of rows that came in with a fifth of their columns at 0."""
    n_masked = round(net.share_masked * x.shape[1])
    masked = torch.rand(x.shape).argsort(dim=1)[:, :n_masked] if n_masked else None
    given = x if masked is None else x.scatter(1, masked, 0.0)
    return cross_entropy(net, net.encoder(given), x)


def contractive(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the error, and the encoder's squared slopes along four random directions."""
    given = x.detach().requires_grad_()
    z = torch.sigmoid(net.encoder(given))
    signs = 2.0 * torch.randint(2, (4, *z.shape)) - 1
    slopes = [torch.autograd.grad(z, given, each, create_graph=True)[0] for each in signs]
    norm = sum(slope.square().sum() for slope in slopes) / (4 * len(x))
    return cross_entropy(net, z, x) + 0.1 * norm


def sparse(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the error and the price of large codes."""
    z = torch.relu(net.encoder(x))
    return cross_entropy(net, z, x) + 1e-3 * z.abs().sum(dim=1).mean()


def seldom_active(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the error and the price of units that are not active one time in twenty."""
    z = torch.sigmoid(net.encoder(x))
    share, rho = z.mean(dim=0), 0.05
    cost = rho * torch.log(rho / share) + (1 - rho) * torch.log((1 - rho) / (1 - share))
    return cross_entropy(net, z, x) + 3.0 * cost.sum()


class Silence(nn.Module):
    """For how many steps each unit gave 0."""

    def __init__(self, X: Tensor) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros(LATENT))

    def forward(self, z: Tensor) -> Tensor:
        """Count a step; return which units have been silent for a twentieth of an epoch."""
        self.steps.add_(1).mul_((z <= 0).all(dim=0))
        return self.steps >= 12


def largest(net: Plain, x: Tensor, step: int, *, of_batch: bool) -> Tensor:
    """Return the error by the two largest codes a row, and what silent units could mend."""
    with torch.no_grad():
        columns = net.decoder[0].weight
        columns.div_(columns.norm(dim=0, keepdim=True))
    free = net.encoder(x)
    positive = free.relu()
    among = positive.view(1, -1) if of_batch else positive
    values, places = among.topk(2 * len(x) if of_batch else 2, dim=1)
    z = torch.zeros_like(among).scatter(1, places, values).view_as(free)
    loss, dead = cross_entropy(net, z, x), net.silence(z.detach())
    if not dead.any():
        return loss
    held, logits = z.detach(), net.decoder(z.detach())
    mended = net.decoder(held + free * dead) - logits + logits.detach()
    gains = binary_cross_entropy_with_logits(mended, x, reduction="sum") / len(x)
    return loss + 0.25 * (gains - loss.detach())


# --------------------------------------------------------------------------- other bounds


def log_mean_exp(values: Tensor, dim: int = 0) -> Tensor:
    """Return the logarithm of the mean of exponentials."""
    return values.logsumexp(dim=dim) - math.log(values.shape[dim])


def groups(log_weights: Tensor) -> Tensor:
    """Return the bound of each four draws, (4, n)."""
    return log_mean_exp(log_weights.unflatten(0, (4, 4)), dim=1)


def combination(log_weights: Tensor) -> Tensor:
    """Return a share of the evidence lower bound, the rest of the tighter one."""
    return 0.05 * log_weights.mean(dim=0) + 0.95 * log_mean_exp(log_weights)


def find_log_weights(net: Plain, codes: Codes, squares: Tensor, x: Tensor) -> Tensor:
    """Return log p(x, z) - log q(z | x), (n_draws, n), given the squares of the noise."""
    logits = net.decoder(codes.z)
    nats = binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")
    # The constants of the two normal densities cancel.
    ratio = 0.5 * (squares + codes.log_variance - codes.z.square()).sum(dim=2)
    return ratio - nats.sum(dim=2)


def importance_weighted(n_draws: int, bound: Callable[[Tensor], Tensor]) -> Any:
    """Return the loss that is a negative bound."""

    def loss(net: Plain, x: Tensor, step: int) -> Tensor:
        codes = draw(net.encoder(x), n_draws)
        return -bound(find_log_weights(net, codes, codes.noise.square(), x)).mean()

    return loss


def doubly_reparameterized(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return what has the gradient of Tucker et al. 2019."""
    codes = draw(net.encoder(x), 5)
    held = codes._replace(log_variance=codes.log_variance.detach())
    squares = (codes.z - codes.mean.detach()).square() * torch.exp(-held.log_variance)
    log_weights = find_log_weights(net, held, squares, x)
    shares = log_weights.detach().softmax(dim=0)
    codes.z.register_hook(lambda gradient: shares[..., None] * gradient)
    return -(shares * log_weights).sum(dim=0).mean()


def partially_weighted(net: Plain, x: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Return the negative bounds that the decoder and the encoder follow."""
    codes = draw(net.encoder(x), 16)
    log_weights = find_log_weights(net, codes, codes.noise.square(), x)
    return -log_mean_exp(log_weights).mean(), -groups(log_weights).mean()


# --------------------------------------------------------------------------- other priors


def learned_prior(net: Plain, codes: Codes, step: int) -> Tensor:
    """Return the divergence from `net.prior`, at the draws."""
    log_posterior = -0.5 * (codes.noise.square() + codes.log_variance + LOG_2_PI).sum(dim=1)
    return (log_posterior - net.prior(codes.z, net.encoder)).mean()


def log_normals(z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the log-density of each code under each Gaussian, (n, k)."""
    squares = (z[:, None] - mean).square() * torch.exp(-log_variance)
    return -0.5 * (squares + log_variance + LOG_2_PI).sum(dim=2)


class MixturePrior(nn.Module):
    """Ten Gaussians."""

    def __init__(self, X: Tensor) -> None:
        super().__init__()
        self.mean = nn.Parameter(math.sqrt(0.5) * torch.randn(10, LATENT))
        self.log_variance = nn.Parameter(torch.full((10, LATENT), math.log(0.5)))
        self.logits = nn.Parameter(torch.zeros(10))

    def forward(self, z: Tensor, encoder: nn.Module) -> Tensor:
        """Return the log-density (n,) of codes."""
        each = log_normals(z, self.mean, self.log_variance)
        return (self.logits.log_softmax(dim=0) + each).logsumexp(dim=1)


class VampPrior(nn.Module):
    """The posteriors of a hundred pseudo-inputs."""

    def __init__(self, X: Tensor) -> None:
        super().__init__()
        self.pseudo_inputs = nn.Parameter(X[torch.randperm(len(X))[:100]])

    def forward(self, z: Tensor, encoder: nn.Module) -> Tensor:
        """Return the log-density (n,) of codes."""
        return log_mean_exp(log_normals(z, *encoder(self.pseudo_inputs).chunk(2, dim=1)), dim=1)


class FlowPrior(nn.Module):
    """Four affine couplings with alternating masks, and an affine map."""

    def __init__(self, X: Tensor) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(LATENT))
        self.log_scale = nn.Parameter(torch.zeros(LATENT))
        stacks = [layers(LATENT, 64, 2 * LATENT, activation=nn.SiLU) for _ in range(4)]
        self.couplings = nn.ModuleList(stacks)
        for stack in stacks:
            nn.init.zeros_(stack[-1].weight)
            nn.init.zeros_(stack[-1].bias)
        even = (torch.arange(LATENT) % 2 == 0).float()
        self.register_buffer("kept", torch.stack([even, 1 - even]))

    def forward(self, z: Tensor, encoder: nn.Module) -> Tensor:
        """Return the log-density (n,) of codes."""
        z = (z - self.shift) * torch.exp(-self.log_scale)
        log_determinant = -self.log_scale.sum()
        for layer in reversed(range(4)):
            kept, moved = self.kept[layer % 2], self.kept[1 - layer % 2]
            raw, shift = self.couplings[layer](z * kept).chunk(2, dim=1)
            log_scale = 2 * torch.tanh(raw / 2) * moved
            z = (z - shift * moved) * torch.exp(-log_scale)
            log_determinant = log_determinant - log_scale.sum(dim=1)
        return log_determinant - 0.5 * (z.square() + LOG_2_PI).sum(dim=1)


# --------------------------------------------------------------------------- other posteriors


def full_covariance(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the negative bound, with a Cholesky factor for each row."""
    mean, log_diagonal, below = net.encoder(x).tensor_split([LATENT, 2 * LATENT], dim=1)
    factor = torch.diag_embed(log_diagonal.exp())
    rows, columns = torch.tril_indices(LATENT, LATENT, offset=-1)
    factor[:, rows, columns] = below
    z = mean + (factor @ torch.randn(*mean.shape, 1)).squeeze(2)
    squares = mean.square().sum(dim=1) + factor.square().sum(dim=(1, 2))
    cost = 0.5 * (squares - LATENT) - log_diagonal.sum(dim=1)
    return cross_entropy(net, z, x) + cost.mean()


class Bessel(torch.autograd.Function):
    """The modified Bessel function times exp(-x), as in the SVAE's own code."""

    @staticmethod
    def forward(ctx: Any, order: float, x: Tensor) -> Tensor:
        """Return the values."""
        values = torch.from_numpy(ive(order, x.detach().numpy()))
        ctx.order = order
        ctx.save_for_backward(x, values)
        return values

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor]:
        """Return the gradient by x."""
        x, values = ctx.saved_tensors
        below = torch.from_numpy(ive(ctx.order - 1, x.numpy()))
        return None, gradient * (below - values * (ctx.order + x) / x)


def hyperspherical(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the negative bound, with von Mises-Fisher codes."""
    direction, last = net.encoder(x).tensor_split([LATENT], dim=1)
    mean = direction / direction.norm(dim=1, keepdim=True)
    kappa = (softplus(last[:, 0]) + 1).double()
    cosines = draw_cosines(kappa)[:, None]
    side = torch.randn(len(x), LATENT - 1, dtype=torch.float64)
    side = side / side.norm(dim=1, keepdim=True) * (1 - cosines.square()).clamp(1e-10).sqrt()
    around_axis = torch.cat([cosines, side], dim=1).float()
    # Reflected, so that the first axis becomes the mean.
    normal = torch.eye(1, LATENT) - mean
    normal = normal / (normal.norm(dim=1, keepdim=True) + 1e-5)
    z = around_axis - 2 * (around_axis * normal).sum(dim=1, keepdim=True) * normal
    return cross_entropy(net, z, x) + uniform_divergence(kappa).mean().float()


def draw_cosines(kappa: Tensor) -> Tensor:
    """Return cosines to the mean by Wood's rejection; the gradient is the proposal's."""
    m = LATENT - 1
    root = (4 * kappa.square() + m**2).sqrt()
    b = (root - 2 * kappa) / m
    with torch.no_grad():
        a = (m + 2 * kappa + root) / 4
        d = 4 * a * b / (1 + b) - m * math.log(m)
        half = torch.tensor(m / 2, dtype=torch.float64)
        beta = torch.distributions.Beta(half, half, validate_args=False)
        drawn, pending = torch.empty_like(kappa), torch.arange(len(kappa))
        while len(pending):
            e = beta.sample(pending.shape)
            t = 2 * (a * b)[pending] / (1 - (1 - b[pending]) * e)
            accepted = m * t.log() - t + d[pending] >= torch.rand_like(e).log()
            drawn[pending[accepted]] = e[accepted]
            pending = pending[~accepted]
    return (1 - (1 + b) * drawn) / (1 - (1 - b) * drawn)


def uniform_divergence(kappa: Tensor) -> Tensor:
    """Return von Mises-Fisher distributions' divergence from the uniform one, (n,)."""
    half = LATENT / 2
    bessel = Bessel.apply(half - 1, kappa)
    log_normalizer = (half - 1) * kappa.log() - half * LOG_2_PI - kappa - bessel.log()
    log_area = math.log(2) + half * math.log(math.pi) - math.lgamma(half)
    return kappa * Bessel.apply(half, kappa) / bessel + log_normalizer + log_area


def poincare(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the negative bound, with wrapped normal codes on the ball of curvature -1."""
    velocity, log_variance = net.encoder(x).chunk(2, dim=1)
    mean = into_ball(step_from_middle(velocity))
    sent = (torch.exp(0.5 * log_variance) * torch.randn(mean.shape)).double()
    z = into_ball(moebius_add(mean.double(), step_from_middle(0.5 * sent)).float())
    # Both densities where the code is, in float64: near the rim float32 has few digits.
    moved = from_middle(moebius_add(-mean.double(), z.double()))
    flat = from_middle(z.double())
    squares = moved.square() * torch.exp(-log_variance.double())
    cost = log_wrapped(squares + log_variance, moved) - log_wrapped(flat.square(), flat)
    return cross_entropy(net, z, x) + cost.mean().float()


def from_middle(z: Tensor) -> Tensor:
    """Return the flat displacements that lead from the middle to points."""
    length = z.norm(dim=1, keepdim=True).clamp(min=1e-15)
    return 2 * torch.atanh(length) * z / length


def step_from_middle(velocity: Tensor) -> Tensor:
    """Return where geodesics from the middle lead."""
    length = velocity.norm(dim=1, keepdim=True).clamp(min=1e-15)
    return torch.tanh(length) * velocity / length


def into_ball(z: Tensor) -> Tensor:
    """Return points, those on or beyond the rim moved inside."""
    length = z.norm(dim=1, keepdim=True)
    return torch.where(length > 1 - 1e-5, z * ((1 - 1e-5) / length), z)


def moebius_add(a: Tensor, b: Tensor) -> Tensor:
    """Return the hyperbolic sum."""
    a_squares, b_squares = (each.square().sum(dim=1, keepdim=True) for each in (a, b))
    product = 2 * (a * b).sum(dim=1, keepdim=True)
    above = (1 + product + b_squares) * a + (1 - a_squares) * b
    return above / (1 + product + a_squares * b_squares)


def log_wrapped(squares: Tensor, displacement: Tensor) -> Tensor:
    """Return the normal log-density of displacements over the ball's own volume."""
    r = displacement.norm(dim=1)
    # log(r / sinh r), which does not overflow.
    room = torch.log(2 * r) - r - torch.log1p(-torch.exp(-2 * r))
    return -0.5 * (squares + LOG_2_PI).sum(dim=1) + (LATENT - 1) * room


class MaskedLinear(nn.Linear):
    """A linear layer without the weights where the mask is 0."""

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask.float())

    def forward(self, values: Tensor) -> Tensor:
        """Return the outputs."""
        return linear(values, self.weight * self.mask, self.bias)


class AutoregressiveStep(nn.Module):
    """A gated step by a masked network with one hidden layer, then a reversal."""

    def __init__(self) -> None:
        super().__init__()
        inputs, hidden = torch.arange(LATENT) + 1, torch.arange(64) * LATENT // 64
        self.context = nn.Linear(16, 64)
        self.first = MaskedLinear(hidden[:, None] >= inputs)
        self.last = MaskedLinear((inputs[:, None] > hidden).repeat(2, 1))

    def forward(self, z: Tensor, context: Tensor) -> tuple[Tensor, Tensor]:
        """Return the codes after the step, and the log-determinants (n,)."""
        hidden = elu(self.first(z) + self.context(context))
        target, gate = self.last(hidden).chunk(2, dim=1)
        log_gate = logsigmoid(gate + 2)
        return (target + log_gate.exp() * (z - target)).flip(1), log_gate.sum(dim=1)


def flow_posterior(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the negative bound, with codes pushed through inverse autoregressive steps."""
    first, context = net.encoder(x).split([2 * LATENT, 16], dim=1)
    z, noise, _, log_variance = draw(first)
    log_posterior = -0.5 * (noise.square() + log_variance + LOG_2_PI).sum(dim=1)
    for each in net.steps:
        z, log_determinant = each(z, context)
        log_posterior = log_posterior - log_determinant
    log_prior = -0.5 * (z.square() + LOG_2_PI).sum(dim=1)
    return cross_entropy(net, z, x) + (log_posterior - log_prior).mean()


def planar_posterior(net: Plain, x: Tensor, step: int) -> Tensor:
    """Return the negative bound, with codes bent along four directions of each row's own."""
    first, steps = net.encoder(x).tensor_split([2 * LATENT], dim=1)
    z, noise, _, log_variance = draw(first)
    log_posterior = -0.5 * (noise.square() + log_variance + LOG_2_PI).sum(dim=1)
    for numbers in steps.chunk(4, dim=1):
        u, w, b = numbers.tensor_split([LATENT, 2 * LATENT], dim=1)
        along = (u * w).sum(dim=1, keepdim=True)
        # Above -0.95, and what it was where it was 0.
        kept = softplus(along + math.log(math.expm1(0.95))) - 0.95
        u = u + (kept - along) * w / w.square().sum(dim=1, keepdim=True)
        bent = torch.tanh((w * z).sum(dim=1, keepdim=True) + b)
        z = z + u * bent
        slope = 1 + kept * (1 - bent.square())
        log_posterior = log_posterior - slope.log().squeeze(1)
    log_prior = -0.5 * (z.square() + LOG_2_PI).sum(dim=1)
    return cross_entropy(net, z, x) + (log_posterior - log_prior).mean()


# --------------------------------------------------------------------------- other likelihoods


def gaussian_error(net: Plain, z: Tensor, x: Tensor) -> Tensor:
    """Return the nats where the variance is the batch's mean squared error."""
    squared_error = mse_loss(net.decoder(z), x)
    # Never below the variance exp(-12), softly.
    log_variance = torch.logaddexp(squared_error.log(), torch.tensor(-12.0))
    each = squared_error * torch.exp(-log_variance) + log_variance + LOG_2_PI
    return 0.5 * x.shape[1] * each


def error_given_labels(net: Plain, z: Tensor, x: Tensor) -> Tensor:
    """Return the nats of the features where the decoder is told the last columns, the labels."""
    features, labels = x.tensor_split([-N_CLASSES], dim=1)
    return cross_entropy(net, torch.cat([z, labels], dim=1), features)


# --------------------------------------------------------------------------- all of them


def _vae(price: Callable[..., Tensor], **options: Any) -> Callable[[Tensor], Plain]:
    return partial(Plain, loss=vae(price), **options)


STANDARD = weighted(lambda step: 1.0)
PLAIN: Mapping[str, Callable[[Tensor], Plain]] = {
    "VAE": _vae(STANDARD),
    "beta-VAE": _vae(weighted(lambda step: 4.0)),
    "beta-VAE-capacity": _vae(capacity),
    "warm-up-VAE": _vae(weighted(lambda step: min(1.0, step / 300))),
    "cyclical-VAE": _vae(weighted(lambda step: min(1.0, step % 150 / 75))),
    "free-bits-VAE": _vae(free_bits),
    "beta-TCVAE": _vae(total_correlation),
    "FactorVAE": partial(Plain, loss=factor_vae, critic=build_critic, rival="critic"),
    "DIP-VAE-I": _vae(partial(covariance, own=False, diagonal=100.0)),
    "DIP-VAE-II": _vae(partial(covariance, own=True, diagonal=10.0)),
    "InfoVAE": _vae(information),
    "WAE-MMD": partial(Plain, loss=wasserstein, n_code=LATENT),
    "AAE": partial(Plain, loss=adversarial, n_code=LATENT, critic=build_critic, rival="critic"),
    "IWAE": partial(Plain, loss=importance_weighted(5, log_mean_exp)),
    "DReG-IWAE": partial(Plain, loss=doubly_reparameterized),
    "MIWAE": partial(Plain, loss=importance_weighted(16, groups)),
    "CIWAE": partial(Plain, loss=importance_weighted(16, combination)),
    "PIWAE": partial(Plain, loss=partially_weighted, rival="encoder"),
    "VampVAE": _vae(learned_prior, prior=VampPrior),
    "MoG-VAE": _vae(learned_prior, prior=MixturePrior),
    "flow-prior-VAE": _vae(learned_prior, prior=FlowPrior),
    "full-covariance-VAE": partial(
        Plain, loss=full_covariance, n_code=LATENT + LATENT * (LATENT + 1) // 2
    ),
    "SVAE": partial(Plain, loss=hyperspherical, n_code=LATENT + 1),
    "Poincaré VAE": partial(Plain, loss=poincare),
    "VAE-IAF": partial(
        Plain,
        loss=flow_posterior,
        n_code=2 * LATENT + 16,
        steps=lambda X: nn.ModuleList(AutoregressiveStep() for _ in range(2)),
    ),
    "planar-flow-VAE": partial(
        Plain, loss=planar_posterior, n_code=2 * LATENT + 4 * (2 * LATENT + 1)
    ),
    "σ-VAE": partial(Plain, loss=vae(STANDARD, gaussian_error)),
    "CVAE": partial(Plain, loss=vae(STANDARD, error_given_labels), n_labels=N_CLASSES),
    "VQ-VAE": partial(Plain, loss=vector_quantized, n_code=LATENT, book=Codebook),
    "RAE-L2": partial(Plain, loss=partial(regularized, by_gradient=False), n_code=LATENT),
    "RAE-GP": partial(Plain, loss=partial(regularized, by_gradient=True), n_code=LATENT),
    "denoising-AE": partial(Plain, loss=denoising, n_code=LATENT),
    "contractive-AE": partial(Plain, loss=contractive, n_code=LATENT),
    "sparse-AE-L1": partial(Plain, loss=sparse, n_code=LATENT),
    "sparse-AE-KL": partial(Plain, loss=seldom_active, n_code=LATENT),
    "top-k-AE": partial(
        Plain, loss=partial(largest, of_batch=False), n_code=LATENT, silence=Silence
    ),
    "batch-top-k-AE": partial(
        Plain, loss=partial(largest, of_batch=True), n_code=LATENT, silence=Silence
    ),
}
