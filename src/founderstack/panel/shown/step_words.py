"""Steps and options as people name them: `stop:app-2` is “stop diary, instance 2”. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from founderstack.locale import N_
from founderstack.model.step_titles import title_of
from founderstack.panel.shown.words import Translate, set_named

_TEXTS = {
    "do": N_("prepare {name}"),
    "start": N_("start {name}"),
    "restart": N_("restart {name}"),
    "reload": N_("{name} reads its files again"),
    "switch": N_("send requests to the new instances of {name}"),
    "stop": N_("stop {name}"),
    "secrets show": N_("secret {name} shown"),
    "secrets set": N_("secret {name} set"),
    "secrets rotate": N_("secret {name} made anew"),
    "kit": N_("the recovery kit printed, with its secrets"),
    "rebuild": N_("the whole stack brought back from the backup of {name}"),
}
_TASKS = {
    "packages": N_("install {name}"),
    "environment": N_("install {name}"),
    "node": N_("install Node"),
    "build": N_("build a release of {name}"),
    "migrate": N_("bring the database of {name} to that release"),
    "move-in": N_("bring the files of {name} into the object storage"),
    "certificate": N_("make a certificate for {name}"),
    "initdb": N_("make an empty database cluster"),
    "roles": N_("bring roles and databases up to date"),
    "configuration": N_("write the configuration of {name}"),
    "buckets": N_("make the buckets"),
}
"""What a task does by the part of its id that all components share; one that is not here is prepared."""


def step_words(step: str, _: Translate, language: str, titles: Mapping[str, str]) -> str:
    """What a step does, in a few words; `titles` has what services, families and processes are called, by name."""
    if told := title_of(step, _, lambda about: set_named(about, language)):
        return told
    action, colon, name = step.partition(":")
    if not colon:
        return action
    owner, _slash, part = name.partition("/")
    if action == "do" and (task := _TASKS.get(part)):
        return _(task).format(name=titles.get(owner, owner))
    called = titles.get(name) or set_named(name, language)
    return _(_TEXTS[action]).format(name=called) if action in _TEXTS else f"{action} {called}"


def options_words(given: str, _: Translate, language: str) -> str:
    """What was asked for, as the audit log keeps it (`set=… only=databases confirm=diary`), in words."""
    pairs = [word.partition("=") for word in given.split(" ")]
    if not all(equals for _name, equals, _value in pairs):
        return given
    said = [_option(name, value, _, language) for name, _equals, value in pairs]
    return ", ".join(text for text in said if text)


def _option(name: str, value: str, _: Translate, language: str) -> str:
    parts = {"databases": _("databases only"), "files": _("files only")}
    texts = {
        "set": set_named(value, language) if value else _("the newest"),
        "confirm": _("in its place") if value else _("beside what is used"),
        "only": parts.get(value, value),
        "ref": value or _("the folder as it is"),
        "number": _("release {number}").format(number=value),
        "replicas": _("one instance") if value == "1" else _("{count} instances").format(count=value),
        "plan": "",
        "force": _("anew") if value == "True" else "",
    }
    return texts.get(name, value)
