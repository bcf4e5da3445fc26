"""Attributes that are calculated when they are first read."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class cached_property(Generic[T]):
    """`functools.cached_property` without its lock, which Python removed in 3.12.

    That lock is shared by all instances: a child forked while another thread holds it would wait for ever.
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
