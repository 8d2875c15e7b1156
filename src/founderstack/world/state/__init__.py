"""The stack's own state folder: its paths and what is written down there."""
