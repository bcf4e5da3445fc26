"""Attributes that are calculated when they are first asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class cached_property(Generic[T]):
    """That of functools without its lock, which Python has given up too in 3.12.

    There is one for all instances: a child forked while another thread calculates any of them waits for ever.
    """

    def __init__(self, f: Callable[[Any], T]) -> None:
        self.f, self.name, self.__doc__ = f, f.__name__, f.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> "cached_property[T]": ...
    @overload
    def __get__(self, owner: object, kind: type) -> T: ...
    def __get__(self, owner: object, kind: type) -> Any:
        if owner is None:
            return self
        value = vars(owner)[self.name] = self.f(owner)
        return value
