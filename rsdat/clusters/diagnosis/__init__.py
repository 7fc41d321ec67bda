"""How clusters go wrong: Slurm's reasons, endings of jobs, signs in logs, versions that differ."""
