"""What is due, what is kept, what comes back, and when."""
