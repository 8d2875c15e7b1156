"""Runs the agent of one stack: `python -m founderstack.agent --state FOLDER`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from typing import Protocol

from founderstack import locale
from founderstack.agent.agent import Agent, ResidentRuntime
from founderstack.model.errors import StackError
from founderstack.model.protocols import Clock

_AGAIN_S = 5.0
"""Between two tries to start a supervisor."""


class AgentWorld(Protocol):
    """What the agent is handed by `resident`."""

    @property
    def runtime(self) -> ResidentRuntime: ...
    @property
    def clock(self) -> Clock: ...
    def fill(self, text: str) -> str:
        """`text` with its secret references filled in."""
        ...


def main() -> None:
    """Serve until SIGTERM, or until SIGUSR1 says that the supervisor has died."""
    parser = argparse.ArgumentParser(prog="founderstack.agent")
    parser.add_argument("--state", required=True, help="folder of the stack's state")
    arguments = parser.parse_args()
    # English inside, because each reader of the agent has a language of its own and translates.
    locale.use("en")
    from founderstack.resident import agent_world

    asyncio.run(serve(arguments.state, agent_world(arguments.state), under_systemd="INVOCATION_ID" in os.environ))


async def serve(state_dir: str, world: AgentWorld, *, under_systemd: bool) -> None:
    """Run the agent until a signal ends it.

    The kernel sends SIGUSR1 when the agent's parent, the supervisor, dies (`setpriv --pdeathsig USR1`). Every other
    process ends by the same means, so the stack is down until somebody starts the supervisor: systemd where it
    runs the stack, the agent with its last breath where nobody else does.
    """
    agent = Agent(state_dir, world.runtime, world.fill, world.clock)
    loop = asyncio.get_running_loop()
    orphaned = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, agent.stop)
    loop.add_signal_handler(signal.SIGINT, agent.stop)
    loop.add_signal_handler(signal.SIGUSR1, agent.stop if under_systemd else orphaned.set)
    succession = asyncio.create_task(_succeed(orphaned, world.runtime, agent))
    await agent.run()
    succession.cancel()


async def _succeed(orphaned: asyncio.Event, runtime: ResidentRuntime, agent: Agent) -> None:
    """Start a new supervisor when the old one died, however often it takes; it starts an agent of its own."""
    await orphaned.wait()
    while True:
        try:
            await asyncio.to_thread(runtime.start_resident)
        except StackError as problem:
            sys.stderr.write(f"supervisor: {problem.summary}\n")
            await asyncio.sleep(_AGAIN_S)
        else:
            agent.stop()
            return


if __name__ == "__main__":
    main()
