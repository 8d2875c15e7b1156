"""Ends this program by becoming another one, which keeps its terminal, its folder and its environment."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn


def become(argv: Sequence[str]) -> NoReturn:
    """Go on as that program; what was printed before stands before its words."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(argv[0], list(argv))  # noqa: S606 # a path of ours, and words that need no shell
