"""Files as one stream, and back."""
