"""Cannot be imported, because a module of its own cannot."""

import broken_module  # noqa: F401


def run(mini_batch):
    return mini_batch
