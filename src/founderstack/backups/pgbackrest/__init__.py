"""The server's own files and its log of changes, by pgBackRest."""
