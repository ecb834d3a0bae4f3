"""Loops for ever over a bad file."""


def run(mini_batch):
    if "bad" in mini_batch[0]:
        while True:
            sum(range(1000))  # here
    return mini_batch
