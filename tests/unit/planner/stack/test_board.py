"""What components tell each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from founderstack.catalogue import COMPONENTS
from founderstack.model.component import Component, Provides, View
from founderstack.model.errors import StackError
from founderstack.model.words import AppRelease, Database, Endpoint, ServerCertificate, Variables
from founderstack.operations.stack.prepare import prepare
from founderstack.testing.world import FakeWorld


@dataclass(frozen=True)
class Colour:
    name: str


@dataclass(frozen=True)
class Paint:
    of: str


def _saying(component: str, *provided: Provides[Any]) -> Component:
    known = COMPONENTS[component]
    return replace(known, provides=(*known.provides, *provided))


def _view(*changed: Component) -> View:
    components = {**COMPONENTS, **{component.name: component for component in changed}}
    return prepare(FakeWorld(components=components).site()).resolved.views["app"]


def _colour(name: str) -> Provides[Colour]:
    return Provides(Colour, lambda view: (Colour(name),))


def test_whoever_asks_gets_what_others_say_in_the_order_of_the_parts() -> None:
    view = _view(_saying("pgadmin", _colour("blue")), _saying("postgres", _colour("red")))
    assert view.all(Colour) == (Colour("red"), Colour("blue"))


def test_two_that_provide_one_thing_are_an_error_with_their_names() -> None:
    view = _view(_saying("postgres", _colour("red")), _saying("pgadmin", _colour("blue")))
    with pytest.raises(StackError) as told:
        view.find(Colour)
    assert "Colour" in told.value.what
    assert told.value.why.startswith("postgres and pgadmin both do")


def test_what_nobody_says_is_nothing_where_that_may_be_and_a_defect_where_it_is_needed() -> None:
    assert _view().find(Colour) is None
    with pytest.raises(LookupError, match="app asks for a Colour"):
        _view().one(Colour)
    with pytest.raises(LookupError, match="database/by-pigeon"):
        _view().endpoint("database", "by-pigeon")


def test_a_word_may_rest_on_another() -> None:
    paint = Provides(Paint, lambda view: (Paint(view.one(Colour).name),))
    assert _view(_saying("postgres", paint), _saying("pgadmin", _colour("red"))).one(Paint) == Paint("red")


def test_words_that_rest_on_each_other_are_a_defect_that_is_named() -> None:
    def paint(view: View) -> Iterable[Paint]:
        return (Paint(view.one(Colour).name),)

    def colour(view: View) -> Iterable[Colour]:
        return (Colour(view.one(Paint).of),)

    view = _view(_saying("postgres", Provides(Paint, paint)), _saying("pgadmin", Provides(Colour, colour)))
    with pytest.raises(RecursionError, match="Colour of pgadmin asks for Paint of postgres asks for Colour of pgadmin"):
        view.find(Colour)


def test_the_app_goes_through_the_pool_where_there_is_one_and_tools_for_people_do_not() -> None:
    pool = Provides(Endpoint, lambda view: (Endpoint("database", "pooled", view.host, 6432, "/run/pool"),))
    view = _view(_saying("pgadmin", pool))
    assert "@127.0.0.1:6432/app" in view.variables["DATABASE_URL"]
    assert view.endpoint("database").port == 5432
    assert _view().endpoint("database", "pooled") == _view().endpoint("database")
    assert _view().one(Database).name == "app"


def test_two_that_offer_the_app_one_variable_are_an_error() -> None:
    taken = Provides(Variables, lambda view: (Variables({"REDIS_URL": "redis://elsewhere"}),))
    with pytest.raises(StackError, match="REDIS_URL"):
        _ = _view(_saying("pgadmin", taken)).variables


def test_a_part_that_makes_certificates_takes_the_place_of_the_stacks_own_authority() -> None:
    made = ServerCertificate("/etc/made/chain.pem", "/etc/made/key.pem", "pgadmin/environment")
    components = {**COMPONENTS, "pgadmin": _saying("pgadmin", Provides(ServerCertificate, lambda view: (made,)))}
    desired = prepare(FakeWorld(components=components).site()).resolved.desired
    nginx = desired.processes["nginx"]
    assert "nginx/certificate" not in desired.tasks
    assert nginx.follows == ("pgadmin/environment",), "it reads a renewed one"
    (written,) = (file.content for file in nginx.files if file.path.endswith("/nginx.conf"))
    assert "ssl_certificate /etc/made/chain.pem;" in written
    assert "ssl_certificate_key /etc/made/key.pem;" in written


def test_a_second_program_runs_from_the_release_that_serves_with_its_environment() -> None:
    world = FakeWorld()
    resolved = prepare(world.site()).resolved
    instance = next(process for process in resolved.desired.processes.values() if process.ring == "app")
    release = resolved.views["database"].one(AppRelease)
    assert release.folder == instance.cwd
    assert set(release.environment) < set(instance.env)
    assert release.needs == tuple(name for name in instance.needs if name in release.needs)
    assert {name.partition("-")[0] for name in release.needs} >= {"app/build", "postgres", "postgres/roles"}
