"""Delivers letters and ends: `python -m founderstack.agent.deliver --state FOLDER`, letters as JSON on its input."""

from __future__ import annotations

import argparse
import os
import sys

from founderstack import locale
from founderstack.agent.alerts import letter_of
from founderstack.locale import wire
from founderstack.model.errors import StackError
from founderstack.model.state_folder import StateFolder
from founderstack.operations.stack.alerts import message
from founderstack.world.keys.secrets import Secrets
from founderstack.world.net.notify import deliver
from founderstack.world.os.files import read_json
from founderstack.world.os.machine import read_machine


def main() -> None:
    """Print, for each letter, "" or why it did not arrive, as JSON: `{"answers": […]}`."""
    parser = argparse.ArgumentParser(prog="founderstack.agent.deliver")
    parser.add_argument("--state", required=True, help="folder of the stack's state")
    state_dir = parser.parse_args().state
    locale.use(str(read_json(StateFolder(state_dir).about).get("language", "")))
    secrets = Secrets(StateFolder(state_dir).secrets)
    stack, host = os.path.basename(state_dir), read_machine().hostname
    answers = []
    for queued in wire.loads(sys.stdin.read()):
        told = message(letter_of(queued["letter"]), stack, host)
        try:
            deliver(secrets.get(queued["to"]), told.title, told.text)
            answers.append("")
        except StackError as error:
            answers.append(error.summary)
    print(wire.dumps({"answers": answers}))


if __name__ == "__main__":
    main()
