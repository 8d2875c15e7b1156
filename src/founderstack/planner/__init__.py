"""Pure decisions: from a stack and components to what shall be, and from the difference to steps."""
