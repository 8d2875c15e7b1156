"""The database of the source: what it holds, and how each thing comes over."""
