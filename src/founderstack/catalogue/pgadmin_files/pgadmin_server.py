"""pgAdmin for one stack: configured, with the stack's database registered for whoever signs in, and guarded.

Gunicorn runs `pgadmin_server:application()`. Everything comes from the JSON file that FOUNDER_PGADMIN_SETTINGS
names (mode 0600): state_dir, mount, session_cookie, gateway_secret, pgpass, binaries and
server {name, host, port, database, role}. The first start creates pgAdmin's own database, which takes 2 s more.
Standard library and pgAdmin only: nothing of this project is installed in pgAdmin's environment.
"""

import importlib
import importlib.util
import json
import os
import secrets
import sys
import types
from pathlib import Path
from typing import Any

from gateway_guard import Guard

REGISTERED_BY = "founder"  # marks the server entry that is ours to keep up to date
SET_BY_THE_PERSON = ("PGPASSWORD", "PGHOST", "PGUSER", "PGDATABASE", "PGSERVICE", "PGSERVICEFILE")


def application() -> Guard:
    """The guarded pgAdmin. Call once per process: pgAdmin keeps its configuration in global modules."""
    settings = json.loads(Path(os.environ["FOUNDER_PGADMIN_SETTINGS"]).read_text(encoding="utf-8"))
    _prepare_environment(settings)
    flask_app = _load_pgadmin()
    _keep_registered(flask_app, settings["server"])
    return Guard(
        app=flask_app,
        secret=settings["gateway_secret"],
        mount=settings["mount"],
        session_cookie=settings["session_cookie"],
    )


def _prepare_environment(settings: dict[str, Any]) -> None:
    """Point pgAdmin at its configuration, and libpq at the password, before either is loaded."""
    for name in SET_BY_THE_PERSON:
        os.environ.pop(name, None)
    # libpq reads the password here on every connection. In pgAdmin's own storage, where its `PassFile` setting
    # would have it, it could be downloaded with the file manager.
    os.environ["PGPASSFILE"] = settings["pgpass"]
    os.environ["CONFIG_DISTRO_FILE_PATH"] = str(Path(__file__).with_name("pgadmin_config.py"))
    # A pgAdmin that the machine's owner installed on the side may have left a configuration for the whole
    # machine in /etc/pgadmin; it would win over ours.
    for name in ("config_local", "config_system"):
        sys.modules[name] = types.ModuleType(name)
    Path(settings["state_dir"]).mkdir(mode=0o700, parents=True, exist_ok=True)


def _load_pgadmin() -> Any:
    """pgAdmin's Flask application; on the first start its database is created, on an upgrade migrated."""
    spec = importlib.util.find_spec("pgadmin4")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("pgAdmin is not installed in this environment")
    sys.path.insert(0, spec.submodule_search_locations[0])
    # pgAdmin insists on a first account with a password. Nobody can sign in with one here, so nobody keeps it.
    first_account = {"PGADMIN_SETUP_EMAIL": "nobody@founder.invalid", "PGADMIN_SETUP_PASSWORD": secrets.token_hex(32)}
    os.environ.update(first_account)
    importlib.import_module("config")  # before anything of pgAdmin's: its modules import each other in a circle
    # Plain requests pass the gateway's sign-on check one by one; a WebSocket would outlive a sign-out.
    importlib.import_module("pgadmin").socketio.server_options.update(transports=["polling"], allow_upgrades=False)
    flask_app = importlib.import_module("pgAdmin4").app
    for name in first_account:
        del os.environ[name]
    return flask_app


def _keep_registered(flask_app: Any, server: dict[str, Any]) -> None:
    """Register the stack's server for everybody who signs in, and bring existing entries up to date now."""
    model = importlib.import_module("pgadmin.model")

    def on_sign_in(_sender: object, user: Any, **_: object) -> None:
        _register(model, user.id, server)

    importlib.import_module("flask_login").user_logged_in.connect(on_sign_in, flask_app, weak=False)
    with flask_app.app_context():
        for entry in model.Server.query.filter_by(discovery_id=REGISTERED_BY):
            _register(model, entry.user_id, server)


def _register(model: Any, user_id: int, server: dict[str, Any]) -> None:
    """Create or correct one person's entry. Safe to repeat."""
    entry = model.Server.query.filter_by(user_id=user_id, discovery_id=REGISTERED_BY).first()
    if entry is None:
        group = model.ServerGroup.query.filter_by(user_id=user_id).order_by("id").first()
        entry = model.Server(user_id=user_id, servergroup_id=group.id, discovery_id=REGISTERED_BY)
        entry.connection_params = {"sslmode": "prefer", "connect_timeout": 10}
        model.db.session.add(entry)
    entry.name, entry.host, entry.port = server["name"], server["host"], server["port"]
    entry.maintenance_db, entry.username = server["database"], server["role"]
    # "Saved, and empty" keeps pgAdmin from asking; libpq then finds the password in PGPASSFILE.
    entry.save_password, entry.password = 1, None
    model.db.session.commit()
