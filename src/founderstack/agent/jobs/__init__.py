"""Everything long: verbs of the command line as programs of their own."""
