"""Text to Stack: the stack file read, checked and edited, and founder.lock. Pure: bytes and values in, values out."""
