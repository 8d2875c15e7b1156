"""Founder Stack: one command that runs the whole infrastructure of an app on a machine you own."""

__version__ = "0.1.0"
