"""The verbs of backups, restores and rebuilding."""
