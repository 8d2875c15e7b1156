"""The panel's long-lived parts, made once and handed to every route."""

from __future__ import annotations

from dataclasses import dataclass, field

from founderstack.model.protocols import Clock
from founderstack.panel.accounts import Accounts, Passwords
from founderstack.panel.config import Config
from founderstack.panel.home import Home
from founderstack.panel.live import Live
from founderstack.panel.notices import Notices
from founderstack.panel.rendering import Rendering
from founderstack.panel.sessions import Sessions
from founderstack.panel.sign_in import SignIn
from founderstack.panel.store import Store
from founderstack.panel.streams import Listeners
from founderstack.panel.visitors import Visitors


@dataclass(frozen=True)
class Parts:
    """Everything that outlives a request."""

    config: Config
    clock: Clock
    store: Store
    visitors: Visitors
    sign_in: SignIn
    live: Live
    rendering: Rendering
    home: Home
    notices: Notices = field(default_factory=Notices)
    listeners: Listeners = field(default_factory=Listeners)


def assembled(config: Config, clock: Clock) -> Parts:
    """The parts of the panel of one stack."""
    accounts = Accounts(config.accounts)
    store = Store(f"{config.data}/panel.sqlite")
    live = Live(config.agent, clock)
    rendering = Rendering(config)
    return Parts(
        config=config,
        clock=clock,
        store=store,
        visitors=Visitors(config.cookie, accounts, Sessions(store, clock)),
        sign_in=SignIn(accounts, Passwords(), clock),
        live=live,
        rendering=rendering,
        home=Home(config, rendering, live, clock),
    )
