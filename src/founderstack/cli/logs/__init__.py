"""What `founder logs` shows, and when it was said."""
