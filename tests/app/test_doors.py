"""What Better Auth offers to the outside, and what must be known before something is given up."""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.conftest import PASSWORD, Person
from tests.app.servers import Build, Diary, running

OPEN = {("GET", "/verify-email"), ("POST", "/sign-in/email")}
WALK = """
import { betterAuth } from "better-auth";
import * as offered from "better-auth/plugins";
process.on("unhandledRejection", () => undefined); // what is no plugin may want arguments
const plugins = Object.values(offered).flatMap((make) => {
  try { return make({})?.endpoints ? [make({})] : []; } catch { return []; }
});
const secret = "a-secret-of-the-tests-with-more-than-32-characters";
const itself = betterAuth({ secret, baseURL: "http://localhost", logger: { disabled: true } }).api;
const doors = [itself, ...plugins.map((one) => one.endpoints)]
  .flatMap((api) => Object.values(api)).filter((endpoint) => endpoint.path)
  .flatMap(({ path, options }) => [options.method].flat().map((method) => [method, path]));
console.log(JSON.stringify(doors));
"""
"""Every endpoint of the installed version and of each plugin that it ships: `auth.api` is made of these."""


def doors(built: Build) -> set[tuple[str, str]]:
    argv = [f"{built.node}/bin/node", "--input-type=module", "-e", WALK]
    done = subprocess.run(argv, cwd=built.dist, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {(method, path) for method, path in json.loads(done.stdout.splitlines()[-1])}


def test_better_auth_answers_where_the_diary_needs_it_and_nowhere_else(
    person: Callable[..., Person], built: Build
) -> None:
    ana, all_doors = person().sign_up(), doors(built)
    assert len(all_doors) > 40
    assert all_doors > {*OPEN, ("POST", "/delete-user"), ("POST", "/update-user"), ("POST", "/two-factor/disable")}
    answered = set()
    for method, path in all_doors:
        asked = "/api/auth" + re.sub(r"[:*]\w*", "x", path)
        answer = ana.call(method, asked, "{}" if method == "POST" else None, **{"content-type": "application/json"})
        if answer.status not in (404, 405):
            answered.add((method, path))
    assert answered == OPEN
    assert ana.call("GET", "/api/export?format=json").ok, "none of them did anything"


@pytest.mark.parametrize("path", ["/api/auth/delete-user/", "/api/auth//delete-user", "/api/auth/delete%2Duser"])
def test_no_way_of_writing_a_path_opens_a_shut_door(person: Callable[..., Person], path: str) -> None:
    ana = person().sign_up()
    ana.call("POST", path, "{}", **{"content-type": "application/json"})
    assert ana.call("GET", "/api/export?format=json").ok


def test_an_unknown_name_costs_the_server_what_a_wrong_password_costs(
    person: Callable[..., Person], built: Build, diary: Diary, place: Path
) -> None:
    """Counted by a shim around the hash, because seconds say little on a busy machine."""
    counted = place / f"counted-{uuid.uuid4()}"
    counted.mkdir()
    counted.chmod(0o777)
    shim = counted / "count.cjs"
    shim.write_text(
        "const crypto = require('node:crypto'), real = crypto.scrypt\n"
        "crypto.scrypt = (...given) => { require('node:fs').appendFileSync(process.env.COUNTED, 'x')"
        "; return real(...given) }\n"
        "require('node:module').syncBuiltinESMExports()\n"
    )
    hashes = counted / "hashes"
    server = Diary(built.node, built.dist, counted / "diary", diary.database, diary.env["REDIS_URL"])
    server.env = {**server.env, "COUNTED": str(hashes)}
    server.argv = [server.argv[0], "--require", str(shim), "server.js"]
    with running(server) as at:
        ana, nobody = person(at).sign_up(), person(at)
        costs = []
        for email in (ana.email, nobody.email):
            before = hashes.stat().st_size
            answer = ana.form("/form/sign-in", email=email, password="not the password")
            assert (answer.status, answer.json()) == (401, {"problem": "wrong_password"})
            costs.append(hashes.stat().st_size - before)
    assert costs == [1, 1]


def test_nothing_is_given_up_without_the_password(person: Callable[..., Person]) -> None:
    """A browser that somebody left open is not enough for what cannot be undone."""
    ana = person().sign_up()
    for fields in ({}, {"password": ""}, {"password": "wrong"}):
        for form in ("delete-account", "two-factor-off"):
            assert ana.form(f"/form/{form}", **fields).json() == {"problem": "wrong_current"}, (form, fields)
        assert not ana.call("POST", "/api/two-factor/start", json.dumps(fields)).ok
    for current in ("", "wrong"):
        answer = ana.form("/form/password", current=current, password="a new password")
        assert answer.json() == {"problem": "wrong_current"}
    ana.context.clear_cookies()
    assert ana.sign_in().ok
    assert ana.form("/form/delete-account", password=PASSWORD).ok
    assert ana.query('select count(*) from "user" where email = %s', ana.email) == [(0,)]
