"""The errors of the package."""


class AutogradError(Exception):
    """The base of every error that this package defines."""


class StaleGraphError(AutogradError, RuntimeError):
    """A Value was assigned after the graph was built from it: run the forward pass again."""


class ConcurrentSweepError(AutogradError, RuntimeError):
    """Two sweeps run at the same time on graphs that share nodes."""


class NoGraphError(AutogradError, RuntimeError):
    """backward() was called on a result whose graph was not kept: it was made under no_grad(), or is a copy."""


class TraceError(AutogradError, TypeError):
    """A traced function did something that can't be compiled."""


RAISED_BY_FLOATS = (ArithmeticError, ValueError)
