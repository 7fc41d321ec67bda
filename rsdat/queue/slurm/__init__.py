"""Slurm, driven by its commands."""
