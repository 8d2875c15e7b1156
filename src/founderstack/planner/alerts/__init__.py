"""Which conditions hold, and who is told of them."""
