"""What can be wrong with what was asked, as opposed to how it was written down."""


class ServiceError(Exception):
    """Base of everything `deployments.service` raises on purpose."""


class UnusableError(ServiceError):
    """What was given cannot be used: a folder that is not there, more instances than a compute has."""


class ConflictError(ServiceError):
    """What is registered stands in the way of what was asked."""
