"""The machine's ground: files, processes, users, locks and time."""
