"""Tests of `rsdat.queue`."""
