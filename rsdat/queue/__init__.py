"""Batch jobs: submit, list, cancel, explain. Knows nothing of Dask or Jupyter."""
