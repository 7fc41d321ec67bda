"""Rasters that GDAL reads through fsspec."""
