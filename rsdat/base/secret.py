"""A string that does not print itself."""

from __future__ import annotations


class Secret:
    """Holds a token, password or key; `repr`, `str` and format show `***`.

    Read it with `reveal()` at the one line that needs it. It can't be pickled, so that it
    never travels to a worker by accident.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a Secret is not pickled: name the file or endpoint that holds it")
