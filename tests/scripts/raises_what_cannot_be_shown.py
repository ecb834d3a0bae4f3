"""Raises an exception whose text cannot be had."""


class SilentError(Exception):
    def __str__(self):
        raise ValueError("no text")


def run(mini_batch):
    raise SilentError
