"""From a stack file to the steps that make it so."""
