"""The objects of the stack's own S3 as part of a set."""
