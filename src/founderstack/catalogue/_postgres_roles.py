"""The roles of the main database: the app's, people's, and those of other components' programs. Not a component.

Programs sign in by roles of their own for each password, so that two passwords are good while one takes the place of
the other; once signed in they are the role that owns what they make.
"""

from __future__ import annotations

from founderstack.catalogue import _packaged
from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.component import View
from founderstack.model.process import secret
from founderstack.model.words import DatabaseRole

DATABASE = "app"
APP = DatabaseRole("app", "postgres.app")
"""The role that the application is: owns its database and nothing else."""
VIEWER = "founder"
"""The role that people's tools sign in with: may do what the application may, and read statistics."""
PROBE = "probe"
"""The role that health questions are asked with: may connect and nothing else."""
READER = "backup"
"""The role that backups are taken with: may read everything and change nothing."""

_OURS = (
    "-c role=none -c local_preload_libraries= -c search_path=pg_catalog -c default_transaction_read_only=off "
    "-c default_transaction_deferrable=off -c statement_timeout=0 -c idle_in_transaction_session_timeout=0 "
    "-c lock_timeout=20s"
)
"""Options of the superuser's sign-ins: they win over what the app has set for its database. A transaction of the app's
that holds what must change is waited for, and not for ever."""


def roles(view: View, binaries: str) -> p.Task:
    """Every role, the app's database and its extensions; again whenever a password is rotated."""
    given = {
        "login": APP.login(view.secret_digests),
        "password": f"'{secret(APP.secret)}'",
        "viewer_password": f"'{secret('postgres.founder')}'",
    }
    extension = "CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public;\n"
    return p.Task(
        name="postgres/roles",
        component="postgres",
        summary=N_("roles, the app's database and its extensions"),
        action=p.Run(
            commands=(
                _psql(view, binaries, "postgres", _script("roles.sql", given)),
                _psql(view, binaries, DATABASE, extension),
                *(_psql(view, binaries, DATABASE, _of_program(view, role)) for role in view.all(DatabaseRole)),
            ),
        ),
        needs=("postgres",),
    )


def former_sign_ins(view: View, binaries: str) -> p.Task:
    """After those who serve have today's password: one that nobody could take over goes on being good."""
    today = ",".join(role.login(view.secret_digests) for role in (APP, *view.all(DatabaseRole)))
    programs = tuple(name for part, _role in view.board.words(DatabaseRole) for name in view.waits[part])
    return p.Task(
        name="postgres/former-sign-ins",
        component="postgres",
        summary=N_("the end of earlier passwords of the database"),
        action=p.Run(commands=(_psql(view, binaries, DATABASE, _script("former_sign_ins.sql", {"today": today})),)),
        needs=("postgres/roles", *view.wait_for("app"), *programs),
    )


def rotating(view: View) -> str:
    """Pattern of the roles that come and go with passwords."""
    names = "|".join(role.name for role in (APP, *view.all(DatabaseRole)))
    return f"(?:{names})_[0-9a-f]{{8}}"


def _of_program(view: View, role: DatabaseRole) -> str:
    given = {
        "role": role.name,
        "login": role.login(view.secret_digests),
        "password": f"'{secret(role.secret)}'",
        "member_of": f"'{','.join(role.member_of)}'",
        "schema": f"'{role.schema}'",
        "search_path": f"'{','.join(role.search_path)}'",
        "connections": str(role.connections),
    }
    return _script("program_role.sql", given)


def _script(name: str, given: dict[str, str]) -> str:
    variables = "".join(f"\\set {name} {value}\n" for name, value in given.items())
    return variables + _packaged.text("postgres_files", name)


def _psql(view: View, binaries: str, database: str, said: str) -> p.Command:
    server = view.endpoint("database")
    psql = (f"{binaries}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", server.socket, "-p", str(server.port))
    return p.Command((*psql, "-U", "postgres", "-d", database), env=(("PGOPTIONS", _OURS),), stdin=said)
