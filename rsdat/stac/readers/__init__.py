"""Assets that are no images: each opened as its media type says."""

from rsdat.stac.readers.open import open_asset

__all__ = ["open_asset"]
