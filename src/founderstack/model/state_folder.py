"""What lies where in a stack's state folder: the one list of its files. `docs/formats.md` says what is in them."""

from __future__ import annotations


class StateFolder:
    """The paths of one stack's state folder. Cheap on purpose: the most frequent verbs import it."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def about(self) -> str:
        """Whose folder it is: stack file, ports, language, version of the tool."""
        return f"{self.path}/stack.json"

    @property
    def lock(self) -> str:
        """Held by the command that changes the stack."""
        return f"{self.path}/lock"

    @property
    def backup_lock(self) -> str:
        """Held by what takes, proves or removes sets."""
        return f"{self.path}/backup.lock"

    @property
    def secrets(self) -> str:
        """Every secret, 0600."""
        return f"{self.path}/secrets.json"

    @property
    def releases(self) -> str:
        """Releases of the app, and which serves."""
        return f"{self.path}/releases.json"

    @property
    def downloads(self) -> str:
        """How the owner reaches the network, 0600: a proxy's address may hold a password."""
        return f"{self.path}/downloads.json"

    @property
    def history(self) -> str:
        """How long steps took, and what was done in the panel."""
        return f"{self.path}/history.sqlite"

    @property
    def first_run(self) -> str:
        """There as long as no `up` went through."""
        return f"{self.path}/first-run"

    @property
    def restore_journal(self) -> str:
        """How far a restore in place has come."""
        return f"{self.path}/restore.json"

    @property
    def backups(self) -> str:
        """Sets on this machine, unless the stack file names another folder."""
        return f"{self.path}/backups"

    @property
    def applied(self) -> str:
        """Folder with a record for each process that was applied."""
        return f"{self.path}/applied"

    @property
    def ledger(self) -> str:
        """Which sets this machine has begun and not ended in each place, and which it left there whole."""
        return f"{self.path}/sets.json"

    @property
    def rebuild_journal(self) -> str:
        """How far a rebuild has come; there until it has ended."""
        return f"{self.path}/rebuild.json"

    @property
    def restored(self) -> str:
        """Folder of files that were restored beside the used ones."""
        return f"{self.path}/restored"

    @property
    def drill(self) -> str:
        """Folder of the throw-away server of a drill."""
        return f"{self.path}/drill"

    @property
    def data(self) -> str:
        """Folder with the durable data of each component."""
        return f"{self.path}/data"

    @property
    def tls(self) -> str:
        """Folder of the stack's own authority and its certificates."""
        return f"{self.path}/tls"

    @property
    def migration(self) -> str:
        """Folder of what a migration keeps, 0700."""
        return f"{self.path}/migration"

    @property
    def authority(self) -> str:
        """Certificate of the stack's own authority."""
        return f"{self.path}/tls/ca.crt"

    @property
    def certificate(self) -> str:
        """The certificate that the gateway shows."""
        return f"{self.path}/tls/server.crt"

    @property
    def agent(self) -> str:
        """Folder of what the agent keeps."""
        return f"{self.path}/agent"

    @property
    def agent_socket(self) -> str:
        """Where the agent answers."""
        return f"{self.path}/agent/agent.sock"

    @property
    def verdict(self) -> str:
        """How every process does, as the agent judged it last."""
        return f"{self.path}/agent/state.json"

    @property
    def backup_index(self) -> str:
        """What there is of backups, as the last command that looked into the places has seen it."""
        return f"{self.path}/agent/backups.json"

    @property
    def schedule(self) -> str:
        """When a backup and a drill were tried last."""
        return f"{self.path}/agent/schedule.json"

    @property
    def alerts(self) -> str:
        """Which conditions hold, and who was told."""
        return f"{self.path}/agent/alerts.json"

    @property
    def jobs(self) -> str:
        """Folder of what was run from the panel or by schedule."""
        return f"{self.path}/agent/jobs"

    @property
    def probe_history(self) -> str:
        """Answers to probes, summed up."""
        return f"{self.path}/agent/answers-1.sqlite"

    @property
    def backup_settings(self) -> str:
        """What the agent is told of backups."""
        return f"{self.path}/etc/agent/backup.json"

    @property
    def alert_settings(self) -> str:
        """What the agent is told of alerts."""
        return f"{self.path}/etc/agent/alerts.json"

    @property
    def tools(self) -> str:
        """Tools elsewhere that the stack file names."""
        return f"{self.path}/etc/agent/tools.json"

    def output(self, process: str) -> str:
        """What a process writes to its output."""
        return f"{self.path}/log/{process}.log"

    @property
    def build_logs(self) -> str:
        """Folder with the log of each build."""
        return f"{self.path}/log/build"
