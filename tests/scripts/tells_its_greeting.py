"""Tells which version of a package its environment has, and which Python that is."""

import platform

import greeting


def run(mini_batch):
    return [f"greeting {greeting.VERSION} on Python {platform.python_version()}" for _ in mini_batch]
