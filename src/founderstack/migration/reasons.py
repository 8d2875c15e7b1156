"""Why a PostgreSQL server lets nobody in, told from the driver's words: in ours, with what cures it."""

from __future__ import annotations

from dataclasses import dataclass

from founderstack.locale import N_, _
from founderstack.world.net.postgres import CONNECT_TIMEOUT_S, Address


@dataclass(frozen=True)
class Reason:
    """One kind of refusal. The texts may name {host}, {port}, {user}, {database} and {seconds}."""

    words: tuple[str, ...]
    """Any of them is in what libpq, the server or a pooler says, whatever the capitals."""
    why: str
    fix: str
    answered: bool = True
    """The server has decided: to try again later does not help."""


_KNOWN = (
    Reason(
        ("no password supplied",),
        N_("The server asks for the password of {user}, and none was given."),
        N_("Give the database’s own: when asked, in FOUNDER_SOURCE_PASSWORD, or in a file: --password-file FILE"),
    ),
    Reason(
        ("password authentication failed", "wrong password", "sasl", "scram"),
        N_("The server refuses the password of {user}."),
        N_(
            "Give the database’s own, not that of your account there: when asked, in FOUNDER_SOURCE_PASSWORD, or in a"
            " file: --password-file FILE, each as it is (only inside of an address signs like @ and / are written %40"
            " and %2F). If it is lost, set a new one (at Supabase: Database, Settings, Reset database password); at a"
            " pooler the user is postgres.PROJECT."
        ),
    ),
    Reason(
        ("tenant or user not found", "tenant/user", "no tenant identifier"),
        N_("The pooler does not know the user {user}."),
        N_("At a pooler the user is postgres.PROJECT; copy the whole address from your provider’s page."),
    ),
    Reason(
        ("peer authentication failed", "ident authentication failed"),
        N_("The server lets in {user} only as a system user of the same name."),
        N_("Name a user with a password, and a host: postgres://USER@127.0.0.1:{port}/{database}"),
    ),
    Reason(
        ('role "{user}" does not exist',),
        N_("The server has no user {user}."),
        N_("Name the right one before the @ of the address; at Supabase it is postgres, or postgres.PROJECT."),
    ),
    Reason(
        ('database "{database}" does not exist',),
        N_("The server has no database {database}."),
        N_("Name the right one at the end of the address; at Supabase it is postgres."),
    ),
    Reason(
        ("not permitted to log in",),
        N_("The user {user} may not sign in there."),
        N_("Name a user that may sign in, before the @ of the address; best the owner of what shall move."),
    ),
    Reason(
        ("permission denied for database",),
        N_("The user {user} may not connect to the database {database}."),
        N_("At the source, run as its owner: GRANT CONNECT ON DATABASE {database} TO {user};"),
    ),
    Reason(
        ("not currently accepting connections",),
        N_("The database {database} is closed to connections."),
        N_("At the source, run: ALTER DATABASE {database} ALLOW_CONNECTIONS true;"),
    ),
    Reason(
        ("too many clients", "connection slots", "max clients", "maxclients", "too many connections"),
        N_("The server has as many connections as it takes."),
        N_("End some of them there, then run the command again; --jobs 1 needs fewer."),
        answered=False,
    ),
    Reason(
        ("starting up", "shutting down", "recovery mode"),
        N_("The server is starting or stopping."),
        N_("Run the command again in a minute."),
        answered=False,
    ),
    Reason(
        ("no encryption", "ssl connection is required", "ssl off"),
        N_("The server takes only encrypted connections, or lets nobody in from this machine."),
        N_("Add to the address: ?sslmode=require; and allow this machine’s address there."),
    ),
    Reason(
        ("no pg_hba.conf entry", "allow_list"),
        N_("The server lets nobody in from this machine."),
        N_("Allow this machine’s address there (at Supabase: Database, Network restrictions)."),
    ),
    Reason(
        ("does not support ssl",),
        N_("The server takes no encrypted connections."),
        N_("Add to the address: ?sslmode=disable"),
    ),
    Reason(
        ("certificate", "sslrootcert"),
        N_("The server’s certificate cannot be checked."),
        N_(
            "Name the authority’s file in the address: ?sslmode=verify-full&sslrootcert=FILE (your provider has it),"
            " and the host as the certificate names it; or take ?sslmode=require, which encrypts and does not check."
        ),
    ),
    Reason(
        ("invalid sslmode",),
        N_("The address has an sslmode that there is not."),
        N_("Use require, verify-full or disable after ?sslmode= in the address."),
    ),
    Reason(
        ("invalid response to ssl negotiation", "expected authentication request", "unsupported frontend protocol"),
        N_("What answers at {host}:{port} is no PostgreSQL."),
        N_("Correct the port in the address; PostgreSQL’s is 5432 nearly everywhere."),
    ),
    Reason(
        ("no such file or directory", "connection refused"),
        N_("Nothing listens at {host}:{port}."),
        N_(
            "See that the port is right, that the project is not paused, and that PostgreSQL listens to other machines."
        ),
        answered=False,
    ),
    Reason(
        ("timeout expired", "timed out"),
        N_("Nothing has answered at {host}:{port} within {seconds} s."),
        N_("See that the project is not paused and that no firewall is in between, then run the command again."),
        answered=False,
    ),
    Reason(
        ("ssl error", "ssl syscall"),
        N_("No encrypted connection comes about with {host}:{port}."),
        N_("See that the port is PostgreSQL’s own and that no proxy is in between, then run the command again."),
        answered=False,
    ),
    Reason(
        ("server closed the connection", "connection reset", "connection has been closed", "terminating connection"),
        N_("The server has ended the connection."),
        N_("See that PostgreSQL runs at {host}:{port} and that the project is not paused, then run the command again."),
        answered=False,
    ),
    Reason(
        ("name resolution",),
        N_("This machine could not look up the name {host}."),
        N_("See that this machine can look up names, then run the command again."),
        answered=False,
    ),
    Reason(
        ("name or service not known", "could not translate host name", "failed to resolve host"),
        N_("There is no machine of the name {host}."),
        N_(
            "Copy the whole address from your provider’s page, and see that the project is not paused (its name is gone"
            " then) and that this machine can look up names."
        ),
        answered=False,
    ),
    Reason(
        ("network is unreachable", "no route to host", "address family", "cannot assign", "no address associated"),
        N_("This machine has no way to it. A direct Supabase address is IPv6 only."),
        N_("Use the session pooler’s address, which has IPv4: postgres://postgres.PROJECT@…pooler.supabase.com:5432/…"),
        answered=False,
    ),
)
"""In this order: what a server has answered counts before what another of its addresses did not."""


def told(address: Address, said: str) -> Reason:
    """What the driver `said` about a connection to this address, with its texts filled in and translated."""
    values = {
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "database": address.database,
        "seconds": CONNECT_TIMEOUT_S,
    }
    for one in _KNOWN:
        if any(words.format(**values).lower() in said.lower() for words in one.words):
            return Reason((), _(one.why).format(**values), _(one.fix).format(**values), one.answered)
    again = _("See that the project is not paused and that this machine may connect, then run the command again.")
    return Reason((), _words_of(said), again, answered=False)


def _words_of(said: str) -> str:
    """The server's own words, without what the driver has put around them."""
    lines = [line.rpartition(" failed: ")[2] for line in said.splitlines() if line[:1] not in ("", "\t", " ")]
    words = lines[-1].rpartition("FATAL: ")[2].strip() if lines else ""
    return _("The server says: {words}").format(words=words) if words else _("It gave no reason.")
