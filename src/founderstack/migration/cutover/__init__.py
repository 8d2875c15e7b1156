"""From following the source to leaving it, and the way back."""
