"""Databases and roles as dumps, compared and given back."""
