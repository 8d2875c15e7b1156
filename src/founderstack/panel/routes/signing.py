"""Signing in and out, and saying once more who one is."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from founderstack.panel.ambient import new_token
from founderstack.panel.asking import Ask
from founderstack.panel.people.accounts import Account
from founderstack.panel.people.sign_in import Wait
from founderstack.panel.people.store import REFUSED
from founderstack.panel.requests import next_path
from founderstack.panel.shown import texts


async def sign_in_page(ask: Ask) -> Response:
    """Ask who is there; whoever is signed in goes straight on."""
    target = _target(ask)
    return ask.go(target) if ask.visitor else _who(ask, target)


async def sign_in(ask: Ask) -> Response:
    """Let somebody in by name and password, or ask for the code that the account wants as well."""
    user, target = ask.fields.get("user", "").strip()[:64], next_path(ask.fields.get("next", "/"))
    visitors, browser = ask.parts.visitors, ask.parts.visitors.known_browser(ask.request, user)
    try:
        account = await ask.parts.sign_in.attempt(user, ask.fields.get("password", ""), ask.address, browser)
    except Wait as wait:
        return _waiting(_who(ask, target, texts.wait(ask.say, _seconds(wait)), user, 429), wait)
    if account is None:
        ask.audit(REFUSED, user=user)
        return _who(ask, target, texts.wrong(ask.say), user, 401)
    if account.code_secret:
        # Another cookie: whoever knew the one before is not halfway in with it.
        cookie, response = new_token(), ask.go(f"/sign-in/code?next={target}")
        ask.parts.sign_in.owes_code(cookie, account)
        visitors.set_cookie(response, cookie)
        return response
    return _let_in(ask, account, target, "signed in")


async def code_page(ask: Ask) -> Response:
    """Ask for the code from the phone; whoever has not just given a password starts anew."""
    account = ask.parts.sign_in.who_owes(ask.parts.visitors.cookie(ask.request))
    return _code(ask, _target(ask)) if account else ask.go(f"/sign-in?next={_target(ask)}")


async def code(ask: Ask) -> Response:
    """Let somebody in who has given the password before."""
    target, cookie = next_path(ask.fields.get("next", "/")), ask.parts.visitors.cookie(ask.request)
    account = ask.parts.sign_in.who_owes(cookie)
    if account is None:
        return ask.go(f"/sign-in?next={target}")
    browser = ask.parts.visitors.known_browser(ask.request, account.user)
    try:
        kind = ask.parts.sign_in.code(account, ask.fields.get("code", ""), browser)
    except Wait as wait:
        return _waiting(_code(ask, target, texts.wait(ask.say, _seconds(wait)), 429), wait)
    if kind is None:
        ask.audit(REFUSED, "code", user=account.user)
        return _code(ask, target, texts.wrong_code(ask.say), 401)
    ask.parts.sign_in.forget(cookie)
    how = "signed in with a recovery code" if kind == "recovery" else "signed in with a code"
    return _let_in(ask, account, target, how)


async def confirm_page(ask: Ask) -> Response:
    """Ask somebody who is signed in to say once more who they are."""
    return _confirm(ask, _target(ask))


async def confirm(ask: Ask) -> Response:
    """A password, or a code where the account has them, makes the sign-in a fresh one, under another cookie."""
    account, session, target = ask.person.account, ask.person.session, next_path(ask.fields.get("next", "/"))
    given = ask.fields.get("password", "")
    try:
        right = bool(account.code_secret) and ask.parts.sign_in.code(account, given, session.id) is not None
        right = right or await ask.parts.sign_in.confirm(account, given, session.id)
    except Wait as wait:
        return _waiting(_confirm(ask, target, texts.wait(ask.say, _seconds(wait)), 429), wait)
    if not right:
        ask.audit(REFUSED, "confirmation")
        return _confirm(ask, target, texts.wrong_confirmation(ask.say), 422)
    ask.audit("confirmed")
    response = ask.go(target)
    ask.parts.visitors.renew(response, ask.person, account)
    return response


async def sign_out(ask: Ask) -> Response:
    """End the session, and its streams of events."""
    response = ask.go("/sign-in")
    ask.parts.visitors.sign_out(ask.person, response)
    ask.parts.live.wake()
    ask.audit("signed out")
    return response


def _let_in(ask: Ask, account: Account, target: str, how: str) -> Response:
    ask.audit(how, user=account.user)
    response = ask.go("/password" if account.must_choose else target)
    ask.parts.visitors.sign_in(ask.request, response, account, ask.address)
    return response


def _target(ask: Ask) -> str:
    return next_path(ask.request.query_params.get("next", "/"))


def _seconds(wait: Wait) -> int:
    return int(wait.seconds) + 1


def _waiting(response: HTMLResponse, wait: Wait) -> HTMLResponse:
    response.headers["retry-after"] = str(_seconds(wait))
    return response


def _who(ask: Ask, target: str, problem: str = "", user: str = "", status: int = 200) -> HTMLResponse:
    cookie, token = ask.parts.visitors.welcome(ask.request)
    changed = any(account.is_stacks and account.has_own for account in ask.parts.accounts.all())
    response = ask.plain_page(
        "sign_in.html", status=status, form_token=token, next=target, user=user, problem=problem, changed=changed
    )
    ask.parts.visitors.set_cookie(response, cookie)
    return response


def _code(ask: Ask, target: str, problem: str = "", status: int = 200) -> HTMLResponse:
    token = ask.parts.visitors.form_token(ask.request)
    return ask.plain_page("code.html", status=status, form_token=token, next=target, problem=problem)


def _confirm(ask: Ask, target: str, problem: str = "", status: int = 200) -> HTMLResponse:
    person = ask.person
    return ask.plain_page(
        "confirm.html", status=status, form_token=person.form_token, next=target, problem=problem,
        user=person.account.user, codes=bool(person.account.code_secret),
    )  # fmt: skip
