"""The texts that start a process: supervisor's program section, the launch script and its environment. Pure."""

from __future__ import annotations

import os
import shlex

from founderstack.model.process import Process
from founderstack.runtimes.host.layout import Layout

_SETPRIV = "/usr/bin/setpriv"
EXPENDABLE_SCORE = 300
_RETRIES = 10
"""About a minute until the supervisor gives up; the agent then tries again with longer and longer waits."""
_ROUNDS = 100
_RETRIES_OF_AN_INSTANCE = 3
"""A release that ends at once is known to be bad after some seconds, not after a minute."""


def supervisor_configuration(layout: Layout, name: str) -> str:
    """supervisord.conf: a socket for its owner only, and whatever stands in the programs folder."""
    state = _literal(layout.state)
    # The include is relative: supervisor takes a space in it for the end of a pattern.
    return f"""\
[unix_http_server]
file={_literal(layout.supervisor_socket)}
chmod=0700

[supervisord]
identifier={name}
logfile={_literal(layout.supervisor_log)}
logfile_maxbytes=5MB
logfile_backups=3
pidfile={_literal(layout.supervisor_pid)}
childlogdir={state}/log
directory={state}
nodaemon=true

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[include]
files={os.path.basename(layout.programs)}/*.conf
"""


def retries(in_ring: bool) -> int:
    """How often a process that ends at once is started again."""
    return _RETRIES_OF_AN_INSTANCE if in_ring else _RETRIES


def _literal(text: str) -> str:
    """`text` as supervisor's configuration writes it: there, a percent sign begins an expansion."""
    return text.replace("%", "%%")


def program(process: Process, layout: Layout, system_user: str, *, root: bool) -> str:
    """Supervisor's section for one process; holds no secret and nothing of its environment."""
    command = shlex.join(
        [*privileges(process, system_user, root=root), "/bin/sh", f"{layout.launch(process.name)}/run"]
    )
    return f"""\
[program:{process.name}]
command={_literal(command)}
directory=/
autostart=true
autorestart=true
startsecs=1
startretries={retries(bool(process.ring))}
stopsignal={process.stop_signal}
stopwaitsecs={process.stop_wait_s}
killasgroup=true
redirect_stderr=true
stdout_logfile={_literal(layout.output(process.name))}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=5
umask={_umask(process)}
"""


def _umask(process: Process) -> str:
    """Which rights new files of the process lack: others have none, and its group may write only for an instance.

    The socket of an instance belongs to the gateway's group, by its folder, and connecting needs the right to write.
    A program that sets no mode would be ready and out of every visitor's reach; only the umask also holds where the
    supervisor alone has started it again.
    """
    return "007" if process.socket else "027"


def privileges(process: Process, system_user: str, *, root: bool) -> list[str]:
    """setpriv with all that the process gives up, and the signal that it gets when its supervisor dies.

    The kernel forgets that signal when the user changes, so setpriv does both, in the right order.
    """
    orphaned = process.parent_death_signal or process.stop_signal
    command = [_SETPRIV, "--pdeathsig", orphaned]
    if root and not process.privileged:
        command += [f"--reuid={system_user}", f"--regid={system_user}", "--init-groups", "--no-new-privs"]
        if process.low_ports:
            command += ["--inh-caps=-all,+net_bind_service", "--ambient-caps=-all,+net_bind_service"]
        else:
            command += ["--inh-caps=-all"]
    return command


def script(process: Process, layout: Layout, system_user: str, *, root: bool) -> str:
    """The launch script: ends what an earlier life left behind, then becomes the program."""
    folder = shlex.quote(layout.launch(process.name))
    # Most programs cannot bind a socket that is there: one that was killed has left its own.
    left = dict.fromkeys([*process.sockets, *([process.socket] if process.socket else [])])
    sockets = f"rm -f {shlex.join(left)}\n" if left else ""
    expendable = f"echo {EXPENDABLE_SCORE} > /proc/self/oom_score_adj\n" if process.expendable else ""
    return f"""\
#!/bin/sh
# Children that outlived an earlier life of this process would hold its ports and its data.
{_end_leftovers(process, folder, system_user, root=root)}{sockets}{expendable}set -a
. {folder}/env
set +a
cd {shlex.quote(process.cwd)} || exit 1
exec {shlex.join(process.argv)}
"""


def _end_leftovers(process: Process, folder: str, system_user: str, *, root: bool) -> str:
    """Where the process has a user to itself, whatever else runs here as that user; else its former process group.

    PostgreSQL's children lead groups of their own, so only the first is thorough. A container or a chroot may use the
    same number for a user: its processes have another root folder or other process numbers. A group is known by the
    boot and by the first process, which another container's life does not share.
    """
    if root and not process.privileged and not process.ring:
        return f"""\
rounds=0 fresh= ended=" $$ "
[ "$(id -un)" = {system_user} ] && fresh=yes
while [ "$fresh" ] && [ "$rounds" -lt {_ROUNDS} ]; do
    rounds=$((rounds + 1)) fresh=
    for found in /proc/[0-9]*; do
        pid=${{found#/proc/}}
        case "$ended" in *" $pid "*) continue ;; esac
        if [ -O "$found" ] && [ "$found/root" -ef / ] && [ "$found/ns/pid" -ef /proc/self/ns/pid ]; then
            kill -KILL "$pid" 2>/dev/null
            fresh=yes ended="$ended$pid "
        fi
    done
done
"""
    return f"""\
read -r boot < /proc/sys/kernel/random/boot_id
read -r first 2>/dev/null < /proc/1/stat
set -- ${{first##*) }}
boot="$boot/${{20}}"
if read -r last group < {folder}/group && [ "$last" = "$boot" ]; then
    kill -KILL "-$group" 2>/dev/null
fi
echo "$boot $$" > {folder}/group
"""


def environment(process: Process, home: str) -> str:
    """The environment as assignments for the launch script; values may still hold secret references."""
    values = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": home, **dict(process.env)}
    return "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"
