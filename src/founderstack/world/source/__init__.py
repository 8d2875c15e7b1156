"""The source of the app and of the tool, as Git knows it."""
