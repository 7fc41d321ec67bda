"""The same job scripts as detached processes of this computer."""
