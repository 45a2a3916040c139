"""Deep linear networks: what was measured is what theory says."""

from __future__ import annotations

import pytest


def test_deep_linear_networks_are_as_theory_says(reproduced):
    found, _ = reproduced("deep-linear-networks")
    by_metric = {}
    for result in found.results:
        by_metric.setdefault(result.metric, []).append(result)
    assert len(by_metric["epoch of half rise"]) == 8
    for result in by_metric["epoch of half rise"]:
        assert abs(result.measured - result.reference) <= 1
    for result in by_metric["epochs by which they are told apart later"]:
        assert result.measured > 0
        assert abs(result.measured - result.reference) <= 2
    shark, parrot, shallow = by_metric["largest wrong sign"]
    for result in (shark, parrot):
        assert result.measured > 0.2
        assert result.deviation == pytest.approx(0, abs=0.02)
    assert shallow.measured == 0
    for result in by_metric["prediction at the end"]:
        assert result.measured == pytest.approx(-1, abs=1e-4)
    for result in by_metric["largest difference"]:
        assert result.measured < 1e-9
    for result in by_metric["largest difference (we allow 1e-6)"]:
        assert result.measured < 1e-6
    for result in by_metric["largest difference (the tutorial allows 1e-2)"]:
        assert result.measured < 1e-2
