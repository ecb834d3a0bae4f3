"""Why a job is refused before anything is scored."""


class JobRefusedError(Exception):
    """What was asked for cannot be done; the text says what is wrong and what to type."""
