"""Runs the panel of one stack: `python -m founderstack.panel --config FILE`."""

from __future__ import annotations

import argparse
import sys

import uvicorn

from founderstack import locale
from founderstack.model.errors import StackError
from founderstack.panel.ambient import SystemClock
from founderstack.panel.application import Panel
from founderstack.panel.config import Config, read_config


def main() -> int:
    """Serve on the configured socket until SIGTERM."""
    parser = argparse.ArgumentParser(prog="founderstack.panel")
    parser.add_argument("--config", required=True, help="the file that the runtime wrote")
    arguments = parser.parse_args()
    # English inside: each reader's own language is chosen page by page.
    locale.use("en")
    try:
        config = read_config(arguments.config)
    except StackError as error:
        sys.stderr.write(f"{error.what}\n{error.why}\n{error.fix}\n")
        return error.exit_code
    serve(config, uds=config.socket)
    return 0


def serve(config: Config, *, uds: str | None = None, port: int = 0) -> None:
    """Serve until SIGTERM on a Unix socket, as the gateway finds it, or on a port of loopback, to be measured."""
    uvicorn.run(
        Panel(config, SystemClock()).application(),
        uds=uds,
        port=port,
        http="httptools",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="none",
        limit_concurrency=256,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    sys.exit(main())
