"""What pages show, decided without a page: pure."""
