"""The few variables of the caller's environment that the tool honours; no other module reads them."""

from __future__ import annotations

import os
import pwd

CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian and Ubuntu keep the authorities that the machine trusts."""

ASKED_BY = "FOUNDER_ASKED_BY"
"""Set by the agent for a job that somebody has asked for in the panel."""
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_INDEXES = (
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "npm_config_registry",
)


def state_home() -> str:
    """FOUNDER_HOME, or "" where it is not set."""
    return os.environ.get("FOUNDER_HOME", "")


def state_root() -> str:
    """FOUNDER_HOME, else /var/lib/founder for root, else `user_root`; absolute, made by nobody yet."""
    chosen = state_home()
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    return "/var/lib/founder" if os.geteuid() == 0 else user_root()


def user_root() -> str:
    """The folder `founder` in XDG_STATE_HOME or ~/.local/state.

    The latter goes on being used where it is there from before the variable was set, or heeded.
    """
    usual, asked = os.path.expanduser("~/.local/state/founder"), os.environ.get("XDG_STATE_HOME", "")
    if not asked.startswith("/") or (os.path.isdir(usual) and not os.path.isdir(f"{asked}/founder")):
        return usual
    return f"{asked}/founder"


def source_url() -> str:
    """FOUNDER_SOURCE_URL, the address of a database to move from, or ""."""
    return os.environ.get("FOUNDER_SOURCE_URL", "")


def source_password() -> str:
    """FOUNDER_SOURCE_PASSWORD, or ""."""
    return os.environ.get("FOUNDER_SOURCE_PASSWORD", "")


def given(name: str) -> str:
    """The value of one of the variables that hand over a key (FOUNDER_BACKUP_KEY, FOUNDER_S3_…), "" where not set."""
    return os.environ.get(name, "").strip()


def caller() -> str:
    """Who asked for this command: a person of the panel, whoever called sudo, or this process's user."""
    told = os.environ.get(ASKED_BY, "") or (os.environ.get("SUDO_USER", "") if os.getuid() == 0 else "")
    if told:
        return told
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def speak(language: str) -> None:
    """Make the libraries that ask the environment for the reader's language speak this one."""
    os.environ["LANGUAGE"] = language


def variable(name: str) -> str:
    """A variable that the caller has named, "" where it is not set."""
    return os.environ.get(name, "").strip()


def inherited() -> dict[str, str]:
    """All of it, for another version of this tool, which is to find what this one has found."""
    return dict(os.environ)


def colour_wish() -> bool | None:
    """Whether the reader wants colours, by NO_COLOR, FORCE_COLOR and TERM; None leaves it to the terminal."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def columns() -> int:
    """Letters that a line of stdout may have: COLUMNS, else the terminal's width; 0 where no terminal reads."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdigit() and int(asked):
        return int(asked)
    try:
        return os.get_terminal_size(1).columns
    except OSError:
        return 0


def download_environment() -> dict[str, str]:
    """What a program needs to reach the network as the caller does: proxies, trusted authorities, package indexes."""
    kept = {name: value for name in _PROXIES for name, value in _both_cases(name)}
    kept |= {name: os.environ[name] for name in _INDEXES if name in os.environ}
    if "PIP_INDEX_URL" in os.environ and not kept.keys() & {"UV_INDEX_URL", "UV_DEFAULT_INDEX"}:
        kept["UV_DEFAULT_INDEX"] = os.environ["PIP_INDEX_URL"]
    bundle = os.environ.get("SSL_CERT_FILE", CA_BUNDLE)
    if os.path.exists(bundle):
        # Three names for one thing: uv and Python, Node, and git each look for their own.
        kept |= {"SSL_CERT_FILE": bundle, "NODE_EXTRA_CA_CERTS": bundle, "GIT_SSL_CAINFO": bundle}
    return kept


def _both_cases(name: str) -> list[tuple[str, str]]:
    return [(spelling, os.environ[spelling]) for spelling in (name, name.upper()) if spelling in os.environ]
