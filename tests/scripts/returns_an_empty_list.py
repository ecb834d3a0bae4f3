"""Returns a list without rows."""


def run(mini_batch):
    return []
