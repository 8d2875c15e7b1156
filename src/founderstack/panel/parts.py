"""The panel's long-lived parts, made once and handed to every route."""

from __future__ import annotations

from dataclasses import dataclass, field

from argon2 import PasswordHasher

from founderstack.model.protocols import Clock
from founderstack.panel.config import Config
from founderstack.panel.home import Home
from founderstack.panel.live import Live
from founderstack.panel.people.accounts import Accounts
from founderstack.panel.people.beginnings import Beginnings
from founderstack.panel.people.passwords import Passwords
from founderstack.panel.people.sessions import Sessions
from founderstack.panel.people.sign_in import SignIn
from founderstack.panel.people.store import Store
from founderstack.panel.people.visitors import Visitors
from founderstack.panel.rendering import Templates
from founderstack.panel.shown.notices import Notices
from founderstack.panel.streams import Listeners


@dataclass(frozen=True)
class Parts:
    """Everything that outlives a request."""

    config: Config
    clock: Clock
    store: Store
    accounts: Accounts
    sessions: Sessions
    visitors: Visitors
    sign_in: SignIn
    live: Live
    rendering: Templates
    home: Home
    notices: Notices = field(default_factory=Notices)
    listeners: Listeners = field(default_factory=Listeners)
    beginnings: Beginnings = field(default_factory=Beginnings)


def assembled(config: Config, clock: Clock, hasher: PasswordHasher | None = None) -> Parts:
    """The parts of the panel of one stack."""
    store = Store(f"{config.data}/panel.sqlite")
    accounts, sessions = Accounts(config.accounts, store), Sessions(store, clock)
    live = Live(config.agent, clock)
    rendering = Templates(config)
    return Parts(
        config=config,
        clock=clock,
        store=store,
        accounts=accounts,
        sessions=sessions,
        visitors=Visitors(config.cookie, accounts, sessions),
        sign_in=SignIn(accounts, Passwords(hasher), clock),
        live=live,
        rendering=rendering,
        home=Home(config, rendering, live, clock),
    )
