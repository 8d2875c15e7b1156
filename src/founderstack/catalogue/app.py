"""The application: any command in any folder, replaced instance by instance without a failed request."""

from __future__ import annotations

from founderstack.catalogue import _node, _packaged
from founderstack.catalogue._app_settings import AppSettings
from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import Backup
from founderstack.model.component import Component, Port, Provides, View
from founderstack.model.process import digest, secret, secrets_in
from founderstack.model.stack import RING_SLOTS, Release
from founderstack.model.words import AppBuild, AppRelease, Site, ToolEnvironment

RELAYS = 2 * RING_SLOTS
"""Enough TCP ports for a full ring and its replacement side by side."""


def processes(view: View) -> tuple[p.Process, ...]:
    if view.release is None:
        return ()
    serving = view.one(AppRelease)
    return tuple(_instance(view, view.release, serving, number) for number in range(1, view.settings.replicas + 1))


def tasks(view: View) -> tuple[p.Task, ...]:
    if view.release is None:
        return ()
    release = view.release
    return tuple(
        task
        for task in (_node_runtime(view), _build(view, release), _migrate(view, release), _move_in(view))
        if task is not None
    )


def build(view: View) -> tuple[AppBuild, ...]:
    settings, given = view.settings, sorted(view.settings.env.items())
    node = _node.VERSION if _is_node(settings, view.app_files) else ""
    inputs = (_build_command(view), settings.output, node, repr(given))
    # What Next.js writes into the scripts for browsers: a restart does not change it.
    built_in = tuple(f"{name}={value}" for name, value in given if name.startswith("NEXT_PUBLIC_"))
    return (AppBuild(inputs, built_in),)


def release(view: View) -> tuple[AppRelease, ...]:
    if view.release is None:
        return ()
    needs = (*_release_tasks(view, view.release), *view.wait_for("database", "cache", "storage"))
    return (AppRelease(view.places.release(view.release.digest), _environment(view), needs),)


def _instance(view: View, release: Release, serving: AppRelease, number: int) -> p.Process:
    settings, places = view.settings, view.places
    argv = ("/bin/sh", "-c", f"exec {settings.start or 'npm start'}")
    files = (p.File(f"{places.etc('app')}/listen.cjs", _packaged.text("app_files", "listen.cjs"), public=True),)
    generation = _generation(view, release, serving, argv, files)
    name = f"app-{generation}-{number}"
    socket, by_port = places.socket("app", name), _by_port(settings, view.app_files)
    target = f"{view.host}:{p.RELAY_PORT}" if by_port else socket
    return p.Process(
        name=name,
        component="app",
        card=_card(view, release),
        argv=argv,
        cwd=serving.folder,
        folders=(*_data_folders(view), p.Folder(places.run("app"), enter=view.providers["gateway"])),
        files=files,
        env=(*serving.environment, *_address(view, socket, by_port)),
        ready=p.Probe("http", target, ask=settings.health, timeout_s=float(settings.start_timeout_s)),
        needs=serving.needs,
        # Next finishes what it has begun on TERM and ends when the last connection closes.
        stop_wait_s=settings.drain_s + 5,
        drain_s=settings.drain_s,
        expendable=True,
        memory_limit_mib=settings.memory_limit_mib,
        ring="app",
        number=number,
        family=f"app-{number}",
        generation=generation,
        socket="" if by_port else socket,
        relay=view.one(p.Relay) if by_port else None,
    )


def _generation(
    view: View, release: Release, serving: AppRelease, argv: tuple[str, ...], files: tuple[p.File, ...]
) -> str:
    """A change of anything that shapes an instance gives it a new name, so that old and new stand side by side."""
    environment = serving.environment
    secrets = tuple(view.secret_digests.get(name, "") for _text, name, _filter in secrets_in(repr(environment)))
    shape = digest(release.digest, release.restarts, argv, environment, secrets, files, view.settings.health)
    return f"{release.number}-{shape[:6]}"


def _data_folders(view: View) -> tuple[p.Folder, ...]:
    data = view.places.data("app")
    return (p.Folder(data), p.Folder(f"{data}/files"))


def _card(view: View, release: Release) -> p.Card:
    about = N_("The main application")
    return p.Card(title=N_("App"), group="app", summary=about, version=str(release.number), address=view.app_url)


def _address(view: View, socket: str, by_port: bool) -> tuple[tuple[str, str], ...]:
    if by_port:
        return (("HOST", view.host), ("HOSTNAME", view.host), ("PORT", p.RELAY_PORT))
    is_node = _is_node(view.settings, view.app_files)
    shim = (("NODE_OPTIONS", f"--require {view.places.etc('app')}/listen.cjs"),) if is_node else ()
    # Next builds the address for requests to itself from HOSTNAME and PORT; nothing listens there.
    return (("LISTEN_UDS", socket), ("HOSTNAME", view.host), ("PORT", "3000"), *shim)


def _environment(view: View) -> tuple[tuple[str, str], ...]:
    """What build-independent code may count on; the founder's own `env` wins: no socket stands beside its address."""
    given = view.settings.env
    offers = {name: value for name, value in view.variables.items() if name.replace("_SOCKET", "_URL") not in given}
    paths = [f"{view.places.node(_node.VERSION)}/bin"] if _is_node(view.settings, view.app_files) else []
    offered = {
        "PATH": ":".join([*paths, "/usr/local/bin", "/usr/bin", "/bin"]),
        "NODE_ENV": "production",
        "NEXT_TELEMETRY_DISABLED": "1",
        "STACK_NAME": view.stack.name,
        "PUBLIC_URL": view.app_url,
        "ADMIN_EMAIL": view.stack.admin_email,
        "FILES_DIR": f"{view.places.data('app')}/files",
        "BETTER_AUTH_URL": view.app_url,
        "BETTER_AUTH_SECRET": secret("app.auth"),
        **offers,
        **given,
    }
    return tuple(sorted(offered.items()))


def _node_runtime(view: View) -> p.Task | None:
    if not _is_node(view.settings, view.app_files):
        return None
    return _node.runtime("app")


def _build(view: View, release: Release) -> p.Task:
    settings = view.settings
    return p.Task(
        name=f"app/build-{release.digest}",
        family="app/build",
        generation=release.digest,
        component="app",
        summary=N_("a release of the app"),
        action=p.Build(
            release=release.number,
            digest=release.digest,
            source=f"{view.stack.folder}/{settings.path}",
            command=_build_command(view),
            output=settings.output,
            env=(("NEXT_TELEMETRY_DISABLED", "1"), *sorted(settings.env.items())),
            node=view.places.node(_node.VERSION) if _is_node(view.settings, view.app_files) else "",
            ref=release.ref,
        ),
        # The digest stands for all that shapes a build; a release that is there is never built again.
        inputs=(release.digest,),
        needs=("app/node",) if _is_node(view.settings, view.app_files) else (),
    )


def _migrate(view: View, release: Release) -> p.Task | None:
    if not view.settings.migrate:
        return None
    return p.Task(
        name=f"app/migrate-{release.digest}",
        family="app/migrate",
        generation=release.digest,
        component="app",
        summary=N_("the schema of that release"),
        action=p.Run(
            commands=(
                p.Command(
                    ("/bin/sh", "-c", view.settings.migrate),
                    cwd=view.places.release(release.digest),
                    env=_environment(view),
                    timeout_s=600,
                ),
            ),
            folders=_data_folders(view),
        ),
        needs=(f"app/build-{release.digest}", *view.wait_for("database", "cache", "storage")),
        # The environment changes with every rotated secret; the schema does not.
        inputs=(release.digest, view.settings.migrate),
    )


def _move_in(view: View) -> p.Task | None:
    """Where object storage joins a stack that has files already: they are there before an instance looks for them."""
    if "storage" not in view.providers:
        return None
    files = f"{view.places.data('app')}/files"
    given = {name: value for name, value in view.variables.items() if name.startswith("S3_")}
    tool = view.one(ToolEnvironment)
    command = (tool.python, "-I", "-m", "founderstack.world.objects.copy_into_bucket")
    return p.Task(
        name="app/move-in",
        component="app",
        summary=N_("the app's files into the object storage"),
        action=p.Run(
            commands=(p.Command(command, env=tuple(sorted({"FILES_DIR": files, **given}.items())), timeout_s=86400),),
            folders=_data_folders(view),
        ),
        needs=(tool.task, *view.wait_for("storage")),
        # Not again for every new key: from then on the app itself puts its files there.
        inputs=(view.providers["storage"],),
    )


def _release_tasks(view: View, release: Release) -> tuple[str, ...]:
    migrate = (f"app/migrate-{release.digest}",) if view.settings.migrate else ()
    move_in = ("app/move-in",) if "storage" in view.providers else ()
    return (f"app/build-{release.digest}", *migrate, *move_in)


def _is_node(settings: AppSettings, app_files: frozenset[str]) -> bool:
    return settings.runtime == "node" or (settings.runtime == "auto" and "package.json" in app_files)


def _build_command(view: View) -> str:
    usual = "npm ci --no-audit --no-fund && npm run build" if _is_node(view.settings, view.app_files) else ""
    return view.settings.build or usual


def _by_port(settings: AppSettings, app_files: frozenset[str]) -> bool:
    if settings.listen == "auto":
        return not (_is_node(settings, app_files) or "LISTEN_UDS" in settings.start)
    return settings.listen == "port"


def site(view: View) -> tuple[Site, ...]:
    settings: AppSettings = view.settings
    return (
        Site(
            ring="app",
            body_limit_mib=settings.body_limit_mib,
            stream_bodies=settings.stream_bodies,
            buffer_answers=settings.buffer_answers,
            idle_s=settings.idle_s,
        ),
    )


def relays(view: View) -> tuple[p.Relay, ...]:
    if not _by_port(view.settings, view.app_files):
        return ()
    gateway = view.providers["gateway"]
    return (p.Relay(view.port("instances"), tuple(view.places.socket(gateway, f"relay-{n}") for n in range(RELAYS))),)


COMPONENT = Component(
    name="app",
    summary=N_("The main application: any command in any folder"),
    role="app",
    optional=True,
    phase=1,
    backup=Backup("files", "files that people uploaded", folders=("files",)),
    settings=AppSettings,
    processes=processes,
    tasks=tasks,
    ram_mib=130,
    needs=("gateway",),
    uses=("database", "cache", "storage"),
    replaces=("Vercel", "Railway", "Heroku"),
    ports=(Port("instances", 3100, "Instances that listen on a port", row=RELAYS, needed=_by_port),),
    secrets=("app.auth",),
    provides=(
        Provides(Site, site),
        Provides(p.Relay, relays),
        Provides(AppBuild, build),
        Provides(AppRelease, release),
    ),
    ready_after=("",),
)
