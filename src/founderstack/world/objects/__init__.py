"""Stores of objects: a folder, or a bucket of any S3."""
