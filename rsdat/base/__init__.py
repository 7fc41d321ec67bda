"""What every room may use: errors, units, atomic files, clock, secrets, running a command."""
