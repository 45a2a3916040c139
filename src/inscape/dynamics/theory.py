r"""Closed forms: what theory says a deep linear network does, without training one.

A network of :math:`L` weight matrices learns each singular mode of the input-output correlation
on its own when it starts small or aligned. With the mode's singular value :math:`s` and the
product of its :math:`L` equal factors :math:`u = a^L`, gradient descent with time constant
:math:`\tau` obeys :math:`\tau u' = L u^{2 - 2/L} (s - u)`.

All times are in the unit of `time_constant`; with full-batch gradient descent on the mean squared
error over P samples and N outputs it is :math:`\tau = P N / (2 \eta)` epochs
(`gradient_flow_time_constant`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import hyp2f1

from inscape._checks import (
    check_inputs_and_targets,
    check_integer,
    check_matrix,
    check_number,
    check_rising,
    check_weights,
)
from inscape._errors import InvalidDataError
from inscape._typing import FloatArray

# One step of the closed form for all of QQ' goes at most this many time constants of the fastest
# mode, so that exp(Ft) stays small enough to be inverted to the last digits.
_LONGEST_STEP = 1.0


def gradient_flow_time_constant(*, learning_rate: float, n_samples: int, n_outputs: int) -> float:
    r"""Return the time constant of gradient descent in epochs.

    .. math:: \tau = \frac{P N}{2 \eta}

    for a loss that is the mean over samples and outputs.

    Parameters
    ----------
    learning_rate : float
        :math:`\eta`.
    n_samples, n_outputs : int
        :math:`P` and :math:`N`.

    Returns
    -------
    float
        Epochs.

    Examples
    --------
    >>> gradient_flow_time_constant(learning_rate=100.0, n_samples=8, n_outputs=10_000)
    400.0
    """
    rate = check_number("learning_rate", learning_rate, above=0)
    samples = check_integer("n_samples", n_samples, minimum=1)
    return samples * check_integer("n_outputs", n_outputs, minimum=1) / (2 * rate)


# --------------------------------------------------------------------------- one mode


def mode_strength(
    time: Any,
    *,
    singular_value: float,
    initial: float,
    time_constant: float = 1.0,
    n_layers: int = 2,
) -> FloatArray:
    r"""Return how strong a mode is at each time, under gradient flow from a small aligned start.

    .. math::
        L = 1: \quad & u(t) = s (1 - e^{-t/\tau}) + u_0 e^{-t/\tau} \\
        L = 2: \quad & u(t) = \frac{s e^{2st/\tau}}{e^{2st/\tau} - 1 + s/u_0} \\
        L > 2: \quad & \tau u' = L u^{2 - 2/L} (s - u), \text{ integrated to 10 digits} \\
        s = 0: \quad & u(t) = u_0 (1 + L p\, u_0^p t/\tau)^{-1/p}, \quad p = 2 - 2/L

    Parameters
    ----------
    time : array-like of shape (n_times,)
        When, in the unit of `time_constant`; at least 0.
    singular_value : float
        :math:`s`, at least 0; at 0 the mode decays.
    initial : float
        :math:`u_0`, above 0 (any number where `n_layers` is 1).
    time_constant : float, default 1.0
        :math:`\tau`.
    n_layers : int, default 2
        :math:`L`, weight matrices.

    Returns
    -------
    ndarray of shape (n_times,)

    Raises
    ------
    InvalidParameterError
        If a number is out of range.
    InvalidDataError
        If a time is negative or not finite.

    References
    ----------
    A. M. Saxe, J. L. McClelland, S. Ganguli (2014), arXiv:1312.6120, equations 12 and 15.

    Examples
    --------
    >>> mode_strength([0.0, 5.0, 10.0], singular_value=2.0, initial=1e-4).round(4)
    array([1.0000e-04, 1.9999e+00, 2.0000e+00])
    >>> float(mode_strength([math.log(2)], singular_value=2.0, initial=0.0, n_layers=1)[0])
    1.0
    """
    layers = check_integer("n_layers", n_layers, minimum=1)
    s = check_number("singular_value", singular_value, minimum=0)
    u0 = check_number("initial", initial, **({} if layers == 1 else {"above": 0}))
    tau = check_number("time_constant", time_constant, above=0)
    t = check_rising(time, name="time", minimum=0.0, strictly=False) / tau
    if layers == 1:
        return s * -np.expm1(-t) + u0 * np.exp(-t)
    if s == 0:
        power = 2 - 2 / layers
        return u0 * (1 + layers * power * u0**power * t) ** (-1 / power)
    if layers == 2:
        # Divided by the exponential, so that late times do not overflow.
        return s / (1 + (s / u0 - 1) * np.exp(-2 * s * t))
    return _integrate(t, s=s, u0=u0, n_layers=layers)


def _integrate(t: FloatArray, *, s: float, u0: float, n_layers: int) -> FloatArray:
    """Solve u' = L u^(2 - 2/L) (s - u) in the logarithm of u, which stays smooth as u rises."""
    slowness = 1 - 2 / n_layers

    def speed(_: float, log_u: FloatArray) -> FloatArray:
        return n_layers * np.exp(slowness * log_u) * (s - np.exp(log_u))

    if len(t) == 0 or t[-1] == 0:
        return np.full(len(t), u0)
    solved = solve_ivp(
        speed, (0.0, t[-1]), [math.log(u0)], t_eval=t, method="LSODA", rtol=1e-11, atol=1e-11
    )
    return np.exp(solved.y[0])


def time_to_learn(
    *,
    singular_value: float,
    initial: float,
    final: float,
    time_constant: float = 1.0,
    n_layers: int = 2,
) -> float:
    r"""Return the time in which a mode rises from one strength to another, under gradient flow.

    .. math::
        L = 2: \quad & t = \frac{\tau}{2s} \ln \frac{u_f (s - u_0)}{u_0 (s - u_f)} \\
        L \ne 2: \quad & t = \frac{\tau}{L} \int_{u_0}^{u_f} \frac{du}{u^{2 - 2/L} (s - u)}

    the integral by the hypergeometric function :math:`{}_2F_1`.

    Parameters
    ----------
    singular_value : float
        :math:`s`.
    initial, final : float
        :math:`u_0` and :math:`u_f`, with 0 < initial <= final < singular_value.
    time_constant : float, default 1.0
        :math:`\tau`.
    n_layers : int, default 2
        :math:`L`, weight matrices.

    Returns
    -------
    float
        In the unit of `time_constant`.

    Raises
    ------
    InvalidParameterError
        If a number is out of range.

    References
    ----------
    A. M. Saxe, J. L. McClelland, S. Ganguli (2014), arXiv:1312.6120, equations 11 and 15.

    Examples
    --------
    >>> round(time_to_learn(singular_value=2.0, initial=1e-4, final=1.0), 6)
    2.475859
    """
    layers = check_integer("n_layers", n_layers, minimum=1)
    s = check_number("singular_value", singular_value, above=0)
    u0 = check_number("initial", initial, above=0, below=s)
    uf = check_number("final", final, minimum=u0, below=s)
    tau = check_number("time_constant", time_constant, above=0)
    if layers == 2:
        return tau / (2 * s) * math.log(uf * (s - u0) / (u0 * (s - uf)))
    power = 2 / layers - 1

    def antiderivative(u: float) -> float:
        return u**power / (power * s) * float(hyp2f1(1, power, power + 1, u / s))

    return tau / layers * (antiderivative(uf) - antiderivative(u0))


def mode_strength_by_step(
    n_steps: int,
    *,
    singular_value: Any,
    initial: Any,
    rate: float,
    n_layers: int = 2,
) -> FloatArray:
    r"""Return how strong modes are after each step of gradient descent: the exact discrete map.

    .. math:: a \leftarrow a + k a^{L-1} (s - a^L), \qquad u = a^L

    which for two layers is :math:`a \leftarrow a (1 + k (s - a^2))`. It holds at learning rates
    at which the differential equation runs early: a mode grows by :math:`1 + ks` a step, not by
    :math:`e^{ks}`.

    Parameters
    ----------
    n_steps : int
        How many steps.
    singular_value, initial : float or array-like of shape (n_modes,)
        :math:`s` and :math:`u_0`, above 0 (any number where `n_layers` is 1).
    rate : float
        :math:`k`, which is 1 over the time constant in steps.
    n_layers : int, default 2
        :math:`L`, weight matrices.

    Returns
    -------
    ndarray of shape (n_steps + 1,) or (n_steps + 1, n_modes)
        The initial strength first.

    Raises
    ------
    InvalidParameterError
        If a number is out of range.
    InvalidDataError
        If a strength is not positive and finite.

    Examples
    --------
    >>> mode_strength_by_step(2, singular_value=2.0, initial=1.0, rate=0.1).round(4)
    array([1.    , 1.21  , 1.4087])
    """
    steps = check_integer("n_steps", n_steps, minimum=0)
    k = check_number("rate", rate, above=0)
    layers = check_integer("n_layers", n_layers, minimum=1)
    s = np.asarray(singular_value, dtype=float)
    u0 = np.asarray(initial, dtype=float)
    if not (np.isfinite(s).all() and np.isfinite(u0).all()) or (layers > 1 and (u0 <= 0).any()):
        raise InvalidDataError(
            f"The initial strengths must be finite and, with {layers} layers, above 0; got "
            f"{np.array2string(np.atleast_1d(u0), threshold=4, precision=3)}: start from a "
            "balanced or aligned network, or compare with fewer layers."
        )
    a = np.broadcast_arrays(u0, s)[0].astype(float)
    if layers > 1:
        a = a ** (1 / layers)
    course = np.empty((steps + 1, *a.shape))
    for step in range(steps + 1):
        course[step] = a**layers
        a = a + k * a ** (layers - 1) * (s - course[step])
    return course


# --------------------------------------------------------------------------- whole networks


def balancedness(weights: Sequence[Any]) -> list[FloatArray]:
    r"""Return what gradient flow conserves, one matrix a hidden layer.

    .. math:: W_{l+1}^\top W_{l+1} - W_l W_l^\top

    Zero everywhere means balanced. Under gradient descent it moves by the square of the
    learning rate only.

    Parameters
    ----------
    weights : sequence of array-like
        The first layer first, each (outputs, inputs).

    Returns
    -------
    list of ndarray
        One (hidden, hidden) a hidden layer.

    Raises
    ------
    InvalidDataError
        If the shapes do not chain or a weight is not finite.

    References
    ----------
    A. M. Saxe, J. L. McClelland, S. Ganguli (2014), arXiv:1312.6120, section 1.3.

    Examples
    --------
    >>> balancedness([[[1.0, 0.0]], [[2.0]]])
    [array([[3.]])]
    """
    chain = check_weights(weights)
    return [above.T @ above - below @ below.T for below, above in pairwise(chain)]


def balanced_solution(
    time: Any, weights: Sequence[Any], correlation: Any, *, time_constant: float = 1.0
) -> FloatArray:
    r"""Return the whole two-layer network at each time, up to rotations of its hidden units.

    With :math:`Q = [W_1^\top; W_2]`, :math:`F = [[0, \Sigma^\top], [\Sigma, 0]]`, whitened inputs
    and a balanced start,

    .. math::
        QQ^\top(t) = e^{Ft/\tau} Q_0 \left[ I + \tfrac12 Q_0^\top
        \left( e^{Ft/\tau} F^{-1} e^{Ft/\tau} - F^{-1} \right) Q_0 \right]^{-1}
        Q_0^\top e^{Ft/\tau}.

    Parameters
    ----------
    time : array-like of shape (n_times,)
        When, in the unit of `time_constant`, rising from 0 or later.
    weights : pair of array-like
        Initial :math:`W_1` (hidden, n) and :math:`W_2` (n, hidden).
    correlation : array-like of shape (n, n)
        :math:`\Sigma`, targets' @ inputs; as many inputs as outputs, and invertible.
    time_constant : float, default 1.0
        :math:`\tau`.

    Returns
    -------
    ndarray of shape (n_times, 2n, 2n)
        :math:`QQ^\top`: its blocks are W1'W1, (W2 W1)', W2 W1 and W2 W2'.

    Raises
    ------
    InvalidDataError
        If there are not two weights of fitting shapes, they are not balanced, or the correlation
        is not square and invertible.

    References
    ----------
    L. Braun, C. Dominé, J. Fitzgerald, A. Saxe (2022), Exact learning dynamics of deep linear
    networks with prior knowledge, NeurIPS 35.

    Examples
    --------
    >>> start = [[[0.1]], [[0.1]]]
    >>> float(balanced_solution([3.0], start, [[2.0]])[0, 1, 0].round(6))
    1.997558
    >>> float(mode_strength([3.0], singular_value=2.0, initial=0.01)[0].round(6))
    1.997558
    """
    tau = check_number("time_constant", time_constant, above=0)
    t = check_rising(time, name="time", minimum=0.0) / tau
    first, second = _balanced_pair(weights)
    n = first.shape[1]
    sigma = check_matrix(correlation, name="correlation", n_columns=n)
    if sigma.shape != (n, n) or second.shape[0] != n or np.linalg.cond(sigma) > 1e12:
        raise InvalidDataError(
            "correlation must be square, invertible and fit weights of as many outputs as "
            f"inputs; got {sigma.shape} with weights {first.shape} and {second.shape}: leave out "
            "what does not vary."
        )
    zero = np.zeros((n, n))
    values, vectors = np.linalg.eigh(np.block([[zero, sigma.T], [sigma, zero]]))
    q = vectors.T @ np.concatenate([first.T, second])
    course = np.empty((len(t), 2 * n, 2 * n))
    now = 0.0
    for place, goal in enumerate(t):
        pieces = math.ceil((goal - now) * float(np.abs(values).max()) / _LONGEST_STEP)
        for _ in range(pieces):
            q = _riccati_step(q, values, (goal - now) / pieces)
        now = goal
        course[place] = vectors @ (q @ q.T) @ vectors.T
    return course


def _riccati_step(q: FloatArray, values: FloatArray, time: float) -> FloatArray:
    """Return a Q whose QQ' is the closed form a time later, all in the eigenbasis of F."""
    grown = np.exp(values * time)[:, None] * q
    inner = np.eye(q.shape[1]) + 0.5 * (
        grown.T @ (grown / values[:, None]) - q.T @ (q / values[:, None])
    )
    # inner = C C', so grown inner^-1 grown' = (grown C'^-1)(grown C'^-1)'.
    return np.linalg.solve(np.linalg.cholesky(inner), grown.T).T


def _balanced_pair(weights: Sequence[Any]) -> list[FloatArray]:
    chain = check_weights(weights)
    if len(chain) != 2:
        raise InvalidDataError(
            f"weights must be those of two layers; got {len(chain)}: for other depths there is "
            "mode_strength."
        )
    gap = float(np.abs(balancedness(chain)[0]).max())
    if gap > 1e-8 * max(float((chain[0] ** 2).sum()), np.finfo(float).tiny):
        raise InvalidDataError(
            f"weights must be balanced, W2'W2 = W1 W1'; got a gap of {gap:.3g}: start from "
            "initial_weights(..., initialization='balanced')."
        )
    return chain


def regression_weights(inputs: Any, targets: Any, *, pseudo_inverse: bool = False) -> FloatArray:
    r"""Return the weights of the linear map with the least squared error.

    .. math:: W = Y^\top X (X^\top X)^{-1}

    with samples in the rows of :math:`X` and :math:`Y`.

    Parameters
    ----------
    inputs : array-like of shape (n_samples, n_inputs)
        :math:`X`.
    targets : array-like of shape (n_samples, n_outputs)
        :math:`Y`.
    pseudo_inverse : bool, default False
        Whether to take the smallest of the best maps where the inputs do not determine one,
        which is where small weights lead.

    Returns
    -------
    ndarray of shape (n_outputs, n_inputs)

    Raises
    ------
    InvalidDataError
        If the rows differ in number, a value is not finite, or :math:`X^\top X` is singular and
        `pseudo_inverse` is False.

    Examples
    --------
    >>> regression_weights([[1.0, 0.0], [0.0, 2.0]], [[3.0], [4.0]])
    array([[3., 2.]])
    """
    X, Y = check_inputs_and_targets(inputs, targets)
    solution, _, rank, _ = np.linalg.lstsq(X, Y, rcond=None)
    if rank < X.shape[1] and not pseudo_inverse:
        raise InvalidDataError(
            f"inputs must have independent columns, so that X'X can be inverted; got rank {rank} "
            f"of {X.shape[1]} from {len(X)} samples: give more samples, leave out columns, or "
            "ask for pseudo_inverse=True."
        )
    return solution.T
