"""Who may use the panel, and how they prove it."""
