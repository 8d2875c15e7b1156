"""Effects: each thing outside the process that the tool reads or changes, in one small module."""
