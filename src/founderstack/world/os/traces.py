"""Where the trace of an error goes that nobody foresaw: to a file that only its owner reads, and to no screen."""

from __future__ import annotations

import tempfile
import traceback


def keep(error: BaseException) -> str:
    """Path of a new file with the error's trace; "" where none can be written."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="founder-error-", suffix=".txt", encoding="utf-8", errors="replace", delete=False
        ) as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return ""
    return file.name
