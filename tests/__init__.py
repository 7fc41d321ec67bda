"""Tests; a package, so that rooms may have files of one name."""
