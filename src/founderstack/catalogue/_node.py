"""The Node that the app and the tools run on. Not a component."""

from __future__ import annotations

from founderstack.locale import N_
from founderstack.model import process as p

VERSION = "24.19.0"


def runtime(component: str) -> p.Task:
    """Node's installation, for a component that runs on it."""
    return p.Task(name=f"{component}/node", component=component, summary=N_("Node"), action=p.NodeRuntime(VERSION))
