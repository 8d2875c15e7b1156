"""What a task can do beside running commands: bring programs, certificates and releases. Values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Install:
    """System packages from the distribution, installed without starting any service."""

    packages: tuple[str, ...]
    provides: tuple[str, ...]
    """Paths that show that they are installed."""


@dataclass(frozen=True)
class PythonEnvironment:
    """A virtual environment in the shared folder, made from pinned requirements."""

    name: str
    pins: str
    """File name under founderstack/pins/."""
    with_tool: bool = False
    """True where the environment also holds this tool's own package."""


@dataclass(frozen=True)
class Download:
    """A program that no distribution carries, from its makers, in the shared folder; only with the digest named here.

    A component that needs one is there on request, and a test of it serves the file itself.
    """

    name: str
    """Folder below the shared programs, with the version in it: `prometheus-3.5.0`."""
    url: str
    """A program, or an archive (`.tar.gz`, `.tgz`, `.tar.xz`) that holds it."""
    sha256: str
    program: str
    """Path of the program in the archive, or what a program by itself shall be called."""


@dataclass(frozen=True)
class NodeRuntime:
    """Node from its pinned wheel, in the shared folder."""

    version: str


@dataclass(frozen=True)
class NodePackages:
    """Packages from npm in the shared folder, exactly those of a lock file; none of their scripts is run."""

    name: str
    pins: str
    """Folder under founderstack/pins/ with package.json and package-lock.json."""
    node: str
    """Version of the Node that installs them."""


@dataclass(frozen=True)
class Certificate:
    """A certificate of the stack's own authority for these names, and the authority itself."""

    names: tuple[str, ...]
    folder: str


@dataclass(frozen=True)
class Build:
    """A release of the app: its source copied, built as an unprivileged user, and kept by digest."""

    release: int
    digest: str
    """Content address of the source and of all that shapes the build."""
    source: str
    """Folder that the source is taken from."""
    command: str
    output: str
    """Folder of the build, relative to the source, that is kept as the release."""
    env: tuple[tuple[str, str], ...] = ()
    node: str = ""
    """Folder of the Node runtime to offer, or ""."""
    timeout_s: float = 1200.0
    ref: str = ""
    """Git commit to build, or "" for the working tree."""
