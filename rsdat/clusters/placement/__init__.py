"""Where a cluster's scheduler runs when it is no process beside Jupyter: in a job of its own."""
