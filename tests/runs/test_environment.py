"""What a run was made with."""

from __future__ import annotations

import torch

from inscape.runs.environment import describe_software, torch_threads


def test_software_is_told():
    assert {"created", "command", "packages"} <= set(describe_software())


def test_threads_are_given_back_after_a_failure_too():
    before = torch.get_num_threads()
    try:
        with torch_threads(before + 1):
            assert torch.get_num_threads() == before + 1
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert torch.get_num_threads() == before
