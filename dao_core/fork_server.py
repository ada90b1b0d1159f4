"""The fork server that worker processes come from."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext


def fork_server(*modules: str) -> ForkServerContext:
    """The context of worker processes. A fork of this process, with torch threads, could hang.

    Args:
        modules: imported once, in the server, so that workers start with them.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dao_core.late_workers", *modules])
    return context
