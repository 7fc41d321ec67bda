"""Results written as files that others read in parts: cloud-optimised GeoTIFF and zarr."""
