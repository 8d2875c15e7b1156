"""What the steps of long work on many bytes are called, in the terminal and in the panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from founderstack.locale import N_

TITLES: Mapping[str, str] = {
    "backup:take": N_("take the backup"),
    "backup:send": N_("bring it off this machine"),
    "backup:expire": N_("remove what has served its time"),
    "backup:prove": N_("restore {about} beside what runs, and check it"),
    "rebuild:source": N_("bring back the source of the app"),
    "rebuild:server": N_("bring up the servers that keep data"),
    "rebuild:roles": N_("make its roles"),
    "rebuild:database": N_("bring back the database {about}"),
    "rebuild:files": N_("bring back the files of {about}"),
    "restore:roles": N_("make roles that are missing"),
    "restore:database": N_("restore the database {about}"),
    "restore:compare": N_("compare every row of {about} with what was dumped"),
    "restore:files": N_("restore the files of {about}"),
    "restore:recover": N_("recover what was there at that moment"),
    "restore:place": N_("sign-ins and roles as the stack has them now"),
    "restore:swap": N_("put it in the place of the other: {about}"),
}


def title_of(step: str, say: Callable[[str], str], about_as: Callable[[str], str] = str) -> str:
    """What a step does, `verb:what:about`; "" for one of another kind. `about_as` says what `about` is called."""
    verb, _colon, rest = step.partition(":")
    kind, _colon, about = rest.partition(":")
    text = TITLES.get(f"{verb}:{kind}")
    return say(text).format(about=about_as(about)) if text else ""
