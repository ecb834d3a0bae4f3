"""Hangs in C code over a bad file, where no other thread of Python can run."""

import ctypes


def run(mini_batch):
    if "bad" in mini_batch[0]:
        wait_in_c()
    return mini_batch


def wait_in_c():
    ctypes.PyDLL(None).pause()  # here
