"""What can go wrong before a Prefect server answers."""


class ServerError(Exception):
    """No Prefect server can be reached or started; the text says what to do."""
