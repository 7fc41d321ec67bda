"""Schedulers that exist already, somebody else's: shown and connected to, never acted upon."""
