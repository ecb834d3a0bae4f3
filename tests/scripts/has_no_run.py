"""Has everything but run()."""


def init():
    pass
