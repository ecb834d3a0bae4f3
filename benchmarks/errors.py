"""What can go wrong while measuring."""


class BenchmarkError(Exception):
    """A system failed, or its rows are not those of the others: its times mean nothing then."""
