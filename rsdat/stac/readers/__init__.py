"""Assets that are no images: each opened as its media type says."""
