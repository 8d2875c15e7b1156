"""One's own account: password, two-step sign-in, sessions."""

from __future__ import annotations

from starlette.responses import Response

from founderstack.panel.asking import Ask
from founderstack.panel.people import account_texts, browsers, second_factor
from founderstack.panel.people.accounts import Account, password_problem
from founderstack.panel.people.sign_in import Wait
from founderstack.panel.shown import texts
from founderstack.panel.shown.words import duration


async def account(ask: Ask) -> Response:
    """Everything about the visitor's own account."""
    person, now = ask.person, ask.parts.clock.now()
    shown = [
        {
            "name": session.name,
            "mine": session.id == person.session.id,
            "browser": browsers.described(session.browser, ask.say),
            "address": session.address,
            "since": duration(now - session.created),
            "seen": duration(now - session.seen),
        }
        for session in ask.parts.sessions.of(person.account.user)
    ]
    left = ask.parts.accounts.recovery_left(person.account) if person.account.code_secret else 0
    return ask.page("account.html", section="account", account=person.account, sessions=shown, recovery_left=left)


async def password_page(ask: Ask) -> Response:
    """The form for another password."""
    return _password(ask)


async def change_password(ask: Ask) -> Response:
    """Take another password; every other session of the account ends with the old one."""
    person, new = ask.person, ask.fields.get("new", "")
    try:
        right = await ask.parts.sign_in.confirm(person.account, ask.fields.get("password", ""), person.session.id)
    except Wait as wait:
        return _password(ask, texts.wait(ask.say, int(wait.seconds) + 1), 429)
    if not right:
        return _password(ask, account_texts.problem(ask.say, "wrong"), 422)
    reason = "differ" if new != ask.fields.get("again", "") else password_problem(person.account.user, new)
    if reason:
        return _password(ask, account_texts.problem(ask.say, reason), 422)
    hashed = await ask.parts.sign_in.hashed(new)
    return _changed(ask, ask.parts.accounts.choose_password(person.account, hashed), "password changed", "/account")


async def two_step_page(ask: Ask) -> Response:
    """The QR code for an authenticator app, and the field for its first code."""
    return _two_step(ask) if not ask.person.account.code_secret else ask.go("/account")


async def start_two_step(ask: Ask) -> Response:
    """Ask for codes from now on, once a code has shown that the app knows the secret."""
    person, now = ask.person, ask.parts.clock.now()
    if person.account.code_secret:
        return ask.go("/account")
    secret = ask.parts.beginnings.secret(person.session.id)
    step = second_factor.step_of(secret, ask.fields.get("code", ""), now, 0)
    if step is None:
        return _two_step(ask, texts.wrong_code(ask.say), 422)
    ask.parts.beginnings.forget(person.session.id)
    codes = second_factor.new_recovery_codes()
    digests = [second_factor.recovery_digest(code) for code in codes]
    changed = ask.parts.accounts.require_codes(person.account, secret, step, digests)
    ask.audit("two-step on")
    return _recovery(ask, codes, changed)


async def stop_two_step(ask: Ask) -> Response:
    """Ask for codes no more."""
    return _changed(ask, ask.parts.accounts.require_codes(ask.person.account, "", 0, ()), "two-step off", "/account")


async def new_recovery_codes(ask: Ask) -> Response:
    """Codes in the place of those that are left."""
    if not ask.person.account.code_secret:
        return ask.go("/account")
    codes = second_factor.new_recovery_codes()
    digests = [second_factor.recovery_digest(code) for code in codes]
    ask.parts.accounts.replace_recovery(ask.person.account, digests)
    ask.audit("recovery codes made")
    return _recovery(ask, codes, ask.person.account)


async def end_session(ask: Ask) -> Response:
    """End one of the visitor's own sessions, or all but this one."""
    person, name = ask.person, ask.fields.get("session", "")
    if name == "others":
        ended = ask.parts.sessions.close_all(person.account.user, lambda session: session.id == person.session.id)
        ask.audit("sessions ended", str(ended))
    elif name != person.session.name:
        ask.parts.sessions.close_all(person.account.user, lambda session: session.name != name)
        ask.audit("session ended", name)
    ask.parts.live.wake()
    return ask.go("/account")


def _changed(ask: Ask, account: Account, action: str, page: str) -> Response:
    """Go on with another cookie: the account's other sessions are over."""
    ask.audit(action)
    response = ask.go(page)
    ask.parts.visitors.renew(response, ask.person, account)
    ask.parts.live.wake()
    return response


def _password(ask: Ask, problem: str = "", status: int = 200) -> Response:
    person = ask.person
    return ask.plain_page(
        "password.html", status=status, form_token=person.form_token, user=person.account.user, problem=problem,
        given=person.account.must_choose,
    )  # fmt: skip


def _two_step(ask: Ask, problem: str = "", status: int = 200) -> Response:
    import segno  # 20 ms and 2 MiB that hardly anybody needs

    secret = ask.parts.beginnings.secret(ask.person.session.id)
    said = second_factor.address(secret, ask.person.account.user, ask.parts.config.stack)
    picture = segno.make(said, error="m").svg_inline(scale=4, border=3, light="#fff", svgclass="qr", omitsize=True)
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return ask.page("two_step.html", section="account", status=status, picture=picture, secret=groups, problem=problem)


def _recovery(ask: Ask, codes: tuple[str, ...], account: Account) -> Response:
    """The codes, this once, under another cookie."""
    cookie = ask.parts.sessions.renew(ask.person.session, account.mark)
    response = ask.plain_page("recovery.html", codes=codes, user=account.user)
    ask.parts.visitors.set_cookie(response, cookie)
    ask.parts.live.wake()
    return response
