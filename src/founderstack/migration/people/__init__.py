"""People of the source as people of the app."""
