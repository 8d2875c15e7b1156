"""What the verbs of backups share."""
