"""Whether this process has been told to stop: it then begins nothing new."""

_is_draining = False


def begin() -> None:
    """From now on this process claims no answer and says that it is not ready."""
    global _is_draining
    _is_draining = True


def is_draining() -> bool:
    return _is_draining
