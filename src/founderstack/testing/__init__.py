"""The fakes we ship: a whole stack in memory, for tests of verbs and for the panel without a machine."""
