"""Orders for tape: kept on disk, handed to dCache in parts, followed to their end."""
