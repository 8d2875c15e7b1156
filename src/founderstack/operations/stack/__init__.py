"""The verbs that change or show a stack."""
