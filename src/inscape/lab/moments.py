"""What is kept of a network's weights: tiles of its outermost layers, and its earlier decoders."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from inscape._typing import FloatArray
from inscape.lab.steps import Blobs, Steps, decoder_steps, encoder_steps

# Units of a layer that are shown, and bytes that the tiles, and the decoders, of all moments take.
_UNITS: Final = 32
_TILES_BYTES: Final = 2 << 20
_DECODERS_BYTES: Final = 6 << 20
# Weights of a matrix beyond which 8 bits hold each; the few of a narrow layer keep their digits.
_LARGE: Final = 1 << 12
# Rows that tell what 8 bits cost.
_ROWS: Final = 500


def describe_tiles(
    encoder: Steps | None, decoder: Steps | None, blobs: Blobs, *, n_moments: int = 0
) -> dict[str, Any]:
    """Return which units of the first layer, and of the last, are shown as tiles.

    They are evenly chosen by the norm of their weights, the largest first.

    Parameters
    ----------
    encoder, decoder : list of dict or None
        The steps of the document; None is no tiles.
    blobs : dict of str to ndarray
        Their weights.
    n_moments : int
        Of how many earlier moments there will be tiles too: of wide pictures there are fewer.
    """
    told: dict[str, Any] = {"reads": None, "writes": None}
    for name, steps in (("reads", encoder), ("writes", decoder)):
        layer = None if steps is None else _outermost(steps, last=name == "writes")
        if layer is None:
            continue
        weight = _by_unit(name, blobs[layer["weight"]])
        order = np.argsort(-np.linalg.norm(weight.astype(np.float64), axis=1), kind="stable")
        room = _TILES_BYTES // (weight.shape[1] * max(1, n_moments))
        n = min(len(order), _UNITS, max(1, room))
        chosen = order[np.rint(np.linspace(0, len(order) - 1, n)).astype(int)]
        told[name] = {
            "weight": layer["weight"],
            "n_units": len(order),
            "units": chosen.tolist(),
        }
    return told


class Moments:
    """The weights at the recorded moments before the end: what is alike is one blob over them.

    Parameters
    ----------
    tiles : dict
        As `describe_tiles` returns it.
    decodes : bool
        Whether a page can take the steps of the decoder; it is kept where it is small.
    n_moments : int
        How many will be added.
    errors : callable
        From rows, and what became of them, to each one's mean squared error.
    """

    def __init__(
        self,
        tiles: dict[str, Any],
        decodes: bool,
        n_moments: int,
        errors: Callable[[FloatArray, FloatArray], FloatArray],
    ) -> None:
        self._tiles, self._decodes = tiles, decodes
        self._n_moments, self._errors = n_moments, errors
        self._decoders: list[Steps] = []
        self._off: list[float] = []
        self._kept: dict[str, list[np.ndarray]] = {}

    def add(self, then: Any, codes: FloatArray, rows: FloatArray) -> None:
        """Keep the weights of a moment.

        Parameters
        ----------
        then : NetworkEstimator
            As it was; it is nobody else's, and rounded on the way.
        codes, rows : ndarray
            Codes, and what it makes of them.
        """
        for name, told in self._tiles.items():
            if told is not None:
                found = encoder_steps(then) if name == "reads" else decoder_steps(then)
                assert found is not None
                layer = _outermost(found[0], last=name == "writes")
                assert layer is not None
                self._keep_bytes(name, _by_unit(name, found[1][layer["weight"]])[told["units"]])
        if self._decodes:
            self._add_decoder(then, codes[:_ROWS], rows[:_ROWS])

    def blobs(self) -> Blobs:
        """Return the numbers, each with as many first places as there are moments."""
        return {name: np.stack(arrays) for name, arrays in self._kept.items()}

    def describe(self) -> dict[str, Any] | None:
        """Return where what is kept of a moment lies, as plain data; None is nothing."""
        if not self._kept:
            return None
        told: dict[str, Any] = {
            name: None if one is None else {"blob": f"then_{name}", "scales": f"then_{name}_scales"}
            for name, one in self._tiles.items()
        }
        decoders = None
        if self._decoders:
            # What 8 bits change in a row, in the unit of the errors before they are squared.
            decoders = [
                {"steps": steps, "off": off}
                for steps, off in zip(self._decoders, self._off, strict=True)
            ]
        return {**told, "decoders": decoders, "stacked": list(self._kept)}

    def _add_decoder(self, then: Any, codes: FloatArray, rows: FloatArray) -> None:
        with torch.no_grad():
            for module in then.network_.decoder.modules():
                if type(module) is nn.Linear and module.weight.numel() >= _LARGE:
                    whole, scales = _as_bytes(module.weight.detach().cpu().numpy())
                    rounded = (whole.astype(np.float32) - 128) * scales[:, None]
                    module.weight.copy_(torch.from_numpy(rounded))
        found = decoder_steps(then)
        assert found is not None
        steps, blobs = found
        size = sum(a.size if _is_large(a) else a.nbytes for a in blobs.values())
        if size * self._n_moments > _DECODERS_BYTES:
            self._decodes = False
            return
        self._off.append(math.sqrt(self._errors(rows, then.inverse_transform(codes)).mean()))
        for layer in _layers(steps):
            for kind in ("weight", "bias"):
                if layer[kind] is not None:
                    layer[kind] = self._keep(layer, kind, blobs[layer[kind]])
        self._decoders.append(steps)

    def _keep(self, layer: dict[str, Any], kind: str, array: np.ndarray) -> str:
        name = layer[kind]
        if kind == "weight" and _is_large(array):
            layer["scales"] = f"then_{name}_scales"
            self._keep_bytes(name, array)
        else:
            self._kept.setdefault(f"then_{name}", []).append(array)
        return f"then_{name}"

    def _keep_bytes(self, name: str, array: FloatArray) -> None:
        whole, scales = _as_bytes(array)
        self._kept.setdefault(f"then_{name}", []).append(whole)
        self._kept.setdefault(f"then_{name}_scales", []).append(scales)


def _is_large(array: np.ndarray) -> bool:
    return array.ndim == 2 and array.size >= _LARGE


def _as_bytes(weight: FloatArray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights as bytes, 128 being 0, and what one tone of each row is worth."""
    most = np.abs(weight).max(axis=1).astype(np.float32)
    scales = np.where(most > 0, most / np.float32(127), np.float32(1))
    return (np.rint(weight / scales[:, None]) + 128).astype(np.uint8), scales


def _layers(steps: Steps) -> Steps:
    """Return the affine layers of steps, the ones within others too."""
    found = [step for step in steps if step["type"] == "linear"]
    for step in steps:
        if step["type"] == "linear_path":
            found += [step["linear"], *_layers(step["beside"] or [])]
    return found


def _outermost(steps: Steps, *, last: bool) -> dict[str, Any] | None:
    """Return the layer that is nearest to the rows: of a net beside a linear path, the net's."""
    for step in reversed(steps) if last else steps:
        if step["type"] == "linear":
            return step
        if step["type"] == "linear_path":
            beside = None if step["beside"] is None else _outermost(step["beside"], last=last)
            return step["linear"] if beside is None else beside
    return None


def _by_unit(name: str, weight: FloatArray) -> FloatArray:
    """Return the weights with a row for each unit: what it reads, or what it writes."""
    return weight if name == "reads" else weight.T
