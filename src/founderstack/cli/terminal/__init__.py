"""What a person sees and answers at the terminal."""
