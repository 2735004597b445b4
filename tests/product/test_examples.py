"""The examples in the docstrings of `retarget` and `backend` are right."""

import doctest
import importlib
import types

import pytest
from support.import_graph import PACKAGE, Module, product_graph

WITH_EXAMPLES = [
    module
    for module in product_graph().modules.values()
    if module.path.startswith(("retarget/", "backend/")) and ">>> " in module.source
]


def failures(module: types.ModuleType) -> tuple[int, int]:
    """How many examples fail, and how many there are. Wrong output is printed to stdout."""
    done = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    return done.failed, done.attempted


@pytest.mark.parametrize("module", WITH_EXAMPLES, ids=lambda module: module.path)
def test_examples_in_docstrings_hold(module: Module) -> None:
    if "torch" in product_graph().loaded_by(module.name):
        pytest.importorskip("torch")
    failed, attempted = failures(importlib.import_module(f"{PACKAGE}.{module.name}"))
    assert failed == 0 and attempted > 0


def test_a_wrong_example_is_found() -> None:
    module = types.ModuleType("wrong", "One and one:\n\n>>> 1 + 1\n3\n")
    assert failures(module) == (1, 1)
