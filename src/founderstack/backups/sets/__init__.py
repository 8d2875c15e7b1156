"""Sets: what they are made of, where they are kept, and how they come back."""
