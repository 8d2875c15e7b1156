"""Tablespaces: folders of a server that lie outside of its data folder, where a server that recovers must never write.

What a backup holds of them is mapped into the recovering server's own folder. What was made after the backup comes with
the log of changes, at its own place, which is the running server's: that is refused before the recovery begins.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

from founderstack.backups.postgres.throwaway_server import NotTheSet
from founderstack.locale import _
from founderstack.model.errors import EXIT_PRECONDITION


def tablespaces(data: str) -> Mapping[str, str]:
    """Number → folder of each tablespace of the server with that data folder; none where there is no such folder.

    Raises StackError where it cannot be read: nobody knows then where a recovery would write.
    """
    links, found = f"{data}/pg_tblspc", {}
    try:
        for name in os.listdir(links):
            with suppress(FileNotFoundError):  # a tablespace that is dropped meanwhile
                if os.path.islink(f"{links}/{name}"):
                    found[name] = os.readlink(f"{links}/{name}")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise NotTheSet(
            _("The tablespaces of the server in {data} cannot be seen").format(data=data),
            _("{path} cannot be read: {error}.").format(path=links, error=error.strerror),
            _("Cure what it says, then run the command again."),
            exit_code=EXIT_PRECONDITION,
        ) from None
    return found


def own_folder(data: str) -> str:
    """Where those of a server that is restored into that data folder go."""
    return f"{os.path.dirname(data)}/tablespaces"


def refuse_tablespaces(data: str, running: str) -> None:
    """Raise StackError where a server restored into `data` would recover into folders of the one in `running`."""
    restored, own = tablespaces(data), own_folder(data)
    used = [path for number, path in tablespaces(running).items() if number not in restored]
    used += [path for path in restored.values() if not path.startswith(f"{own}/")]
    if used:
        raise NotTheSet(
            _("A recovery would write into the tablespace of the running server in {path}").format(path=used[0]),
            _("It was made after the backup that the recovery begins with."),
            _("Take a backup, and go back to a moment after it: founder backup --kind full"),
            exit_code=EXIT_PRECONDITION,
        )


def refuse_whole(data: str) -> None:
    """Raise StackError where the server has tablespaces: with its data folder alone it is not whole."""
    if found := tablespaces(data):
        raise NotTheSet(
            _("The whole server cannot be restored"),
            _("It has tablespaces, which lie outside of its data folder: {paths}.").format(
                paths=", ".join(found.values())
            ),
            _("Restore its databases to a moment, which need none: founder restore --to …"),
            exit_code=EXIT_PRECONDITION,
        )
