"""What `founder migrate` is told."""
