"""The command line: arguments into one call, its result into text."""
