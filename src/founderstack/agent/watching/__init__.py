"""How each process does, and what is done about it."""
