"""Gives up files with `bad` in their names, dies of those with `deadly`, and prints how often it is called."""

import os


def run(mini_batch, context):
    print("called with", len(mini_batch))
    rows = []
    for path in mini_batch:
        if "deadly" in path:
            os.abort()
        if "bad" in path:
            context.give_up(path, ValueError(f"{os.path.basename(path)} is no good"))
        elif "other" in path:
            context.give_up("/no/such/file", ValueError("nothing"))
        else:
            rows.append(os.path.basename(path))
    return rows
