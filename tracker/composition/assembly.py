"""Parts that are made when they are first asked for.

An application is composed of nearly everything, and no command needs all of it: one that only reads
the database shall not wait for decoders, search indexes and clients of platforms to be loaded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Assembly:
    """What is made of parts (``Part``), each once, whichever thread asks first."""

    def __init__(self) -> None:
        self.making = threading.RLock()

    def make_all(self) -> None:
        """Make every part now: whoever runs for long wants no surprise in the middle."""
        for name, value in vars(type(self)).items():
            if isinstance(value, Part):
                getattr(self, name)


class Part(Generic[T]):
    """Decorates a method that makes a part of an ``Assembly``, which is then an attribute.

    What the method needs is imported in it, so that it is loaded with the part and not before.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, whole: Assembly, owner: type[Assembly]) -> T:
        with whole.making:
            made = vars(whole)
            if self._name not in made:
                made[self._name] = self._make(whole)
            part: T = made[self._name]
            return part
