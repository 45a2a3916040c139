"""Every promise in docs/guarantees.md names tests, and there are those tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
PROMISES = re.findall(r"^- (.+?)(?=^- |^#|\Z)", PAGE.partition("## What is not")[0], re.M | re.S)


def named_tests(text: str) -> list[tuple[str, str]]:
    """Return each test that a text names, with the file that is named before it."""
    found, file = [], ""
    for word in re.findall(r"`([^`]+)`", text):
        if word.endswith(".py"):
            file = word
        elif word.startswith("test_"):
            found.append((file, word))
    return found


def test_there_are_promises_and_each_is_one_sentence():
    assert len(PROMISES) > 20
    for promise in PROMISES:
        sentence = promise.partition("\n")[0]
        assert sentence.endswith("."), sentence
        assert sentence.count(". ") == 0, sentence


@pytest.mark.parametrize("promise", [*PROMISES, PAGE.partition("## What is not")[2]])
def test_each_promise_is_proved_by_tests_that_there_are(promise):
    named = named_tests(promise)
    assert named, promise
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert name in there, f"{file} has no {name}"
