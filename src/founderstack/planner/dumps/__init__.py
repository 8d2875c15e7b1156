"""What a dump of PostgreSQL holds, read without a server."""
