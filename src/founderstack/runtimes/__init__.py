"""Where processes live. Each runtime carries out the same steps."""
