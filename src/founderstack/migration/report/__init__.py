"""What a plan and a verification say."""
