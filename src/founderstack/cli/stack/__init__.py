"""What the verbs that change a stack share."""
