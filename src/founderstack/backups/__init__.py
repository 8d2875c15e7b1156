"""Taking, keeping and giving back what a founder would miss."""
