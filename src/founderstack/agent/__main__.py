"""Runs the agent of one stack: `python -m founderstack.agent --state FOLDER`."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from typing import Protocol

from founderstack import locale
from founderstack.agent.service import Agent, ResidentRuntime
from founderstack.model.protocols import Clock


class AgentWorld(Protocol):
    """What wiring hands to the agent."""

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
    from founderstack.wiring import agent_world

    asyncio.run(serve(arguments.state, agent_world(arguments.state), under_systemd="INVOCATION_ID" in os.environ))


async def serve(state_dir: str, world: AgentWorld, *, under_systemd: bool) -> None:
    """Run the agent until a signal ends it.

    The kernel sends SIGUSR1 when the agent's parent, the supervisor, dies (`setpriv --pdeathsig USR1`). Every other
    process ends by the same means, so the stack is down until somebody starts the supervisor: systemd where it
    runs the stack, the agent with its last breath where nobody else does.
    """
    agent = Agent(state_dir, world.runtime, world.fill, world.clock)
    orphaned = asyncio.Event()

    def supervisor_died() -> None:
        orphaned.set()
        agent.stop()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, agent.stop)
    loop.add_signal_handler(signal.SIGINT, agent.stop)
    loop.add_signal_handler(signal.SIGUSR1, supervisor_died)
    await agent.run()
    if orphaned.is_set() and not under_systemd:
        world.runtime.start_supervisor()


if __name__ == "__main__":
    main()
