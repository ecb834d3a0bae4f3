"""Deletes the folder it works in, and goes elsewhere."""

import os
import shutil


def run(mini_batch):
    if os.getcwd() != "/":
        shutil.rmtree(os.getcwd())
        os.chdir("/")
    return mini_batch
