"""The verbs. Each gets the world as protocol arguments and decides nothing that the planner could."""
