"""Stored objects of the source as files of the app."""
