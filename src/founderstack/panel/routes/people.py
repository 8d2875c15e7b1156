"""Who else may sign in, for admins."""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import Response

from founderstack.panel.asking import Ask
from founderstack.panel.people import account_texts, second_factor
from founderstack.panel.people.accounts import Account, Refused, Role
from founderstack.panel.shown.words import Translate, duration


async def people(ask: Ask) -> Response:
    """Everybody who may sign in."""
    return _page(ask)


async def invite(ask: Ask) -> Response:
    """Let somebody in with a one-time password, which is shown once."""
    user, password = ask.fields.get("user", "").strip(), second_factor.one_time_password()
    try:
        ask.parts.accounts.invite(user, await ask.parts.sign_in.hashed(password), _role(ask), ask.parts.clock.now())
    except Refused as refused:
        return _page(ask, problem=account_texts.problem(ask.say, refused.reason), status=422)
    ask.audit("person invited", f"{user}, {_role(ask)}")
    return _page(ask, given=user, password=password)


async def reset(ask: Ask) -> Response:
    """Another one-time password, and no second factor, for somebody who lost theirs."""
    user, password = ask.fields.get("user", ""), second_factor.one_time_password()
    hashed = await ask.parts.sign_in.hashed(password)
    problem = _do(ask, lambda: ask.parts.accounts.reset(user, hashed, ask.parts.clock.now()), user)
    if problem:
        return _page(ask, problem=problem, status=422)
    ask.audit("person reset", user)
    return _page(ask, given=user, password=password)


async def give_role(ask: Ask) -> Response:
    """Make somebody an admin or a viewer; their sessions end."""
    user, role = ask.fields.get("user", ""), _role(ask)
    problem = _do(ask, lambda: ask.parts.accounts.give_role(user, role), user)
    if problem:
        return _page(ask, problem=problem, status=422)
    ask.audit("role changed", f"{user}, {role}")
    return ask.go("/people")


async def remove(ask: Ask) -> Response:
    """Take somebody's account away; their sessions end."""
    user = ask.fields.get("user", "")
    problem = _do(ask, lambda: ask.parts.accounts.remove(user), user)
    if problem:
        return _page(ask, problem=problem, status=422)
    ask.audit("person removed", user)
    return ask.go("/people")


async def end_sessions(ask: Ask) -> Response:
    """Sign somebody out everywhere."""
    user = ask.fields.get("user", "")
    ended = ask.parts.sessions.close_all(user, lambda session: session.id == ask.person.session.id)
    ask.audit("sessions ended", f"{user}, {ended}")
    ask.parts.live.wake()
    return ask.go("/people")


def _do(ask: Ask, change: Callable[[], None], user: str) -> str:
    """Make a change of somebody else's account; what to say where it is refused, else ""."""
    if user == ask.person.account.user:
        return account_texts.problem(ask.say, "self")
    try:
        change()
    except Refused as refused:
        return account_texts.problem(ask.say, refused.reason)
    ask.parts.sessions.close_all(user)
    ask.parts.live.wake()
    return ""


def _role(ask: Ask) -> Role:
    return "admin" if ask.fields.get("role") == "admin" else "viewer"


def _page(ask: Ask, *, problem: str = "", given: str = "", password: str = "", status: int = 200) -> Response:
    shown = [_shown(ask, account) for account in ask.parts.accounts.all()]
    return ask.page(
        "people.html", section="people", status=status, people=shown, problem=problem, given=given, password=password
    )


def _seen(_: Translate, sessions: int, age: str) -> str:
    if sessions == 1:
        return _("1 session, seen {age} ago").format(age=age)
    return _("{count} sessions, seen {age} ago").format(count=sessions, age=age)


def _shown(ask: Ask, account: Account) -> dict[str, object]:
    now, sessions = ask.parts.clock.now(), ask.parts.sessions.of(account.user)
    return {
        "user": account.user,
        "role": account.role,
        "role_name": account_texts.role(ask.say, account.role),
        "is_stacks": account.is_stacks,
        "mine": account.user == ask.person.account.user,
        "codes": bool(account.code_secret),
        "invited": account.must_choose,
        "expired": account.must_choose and account.until < now,
        "seen": _seen(ask.say, len(sessions), duration(now - sessions[0].seen)) if sessions else "",
    }
