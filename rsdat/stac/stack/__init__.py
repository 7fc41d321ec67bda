"""Many items as one lazy array; where their files lie."""

from rsdat.stac.stack.open import open_stack

__all__ = ["open_stack"]
