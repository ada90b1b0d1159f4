"""A package that is called as the one thing it is for: ``dao.search("Mg-O")``."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


def call_as(package: str, function: str) -> None:
    """Let a package be called; the function is loaded when that happens.

    Args:
        package: Name of a loaded package, its ``__name__``.
        function: Where the function is: ``module:name``.
    """
    module, _, name = function.partition(":")

    class CallablePackage(ModuleType):
        """A package that is a function too."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return getattr(importlib.import_module(module), name)(*args, **kwargs)

    sys.modules[package].__class__ = CallablePackage
