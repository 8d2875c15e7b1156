"""What Better Auth calls the providers that people sign in through.

Source: better-auth 1.7.25 (its social providers), supabase/auth at bc32168.
"""

from __future__ import annotations

from urllib.parse import quote

RENAMED = {"azure": "microsoft", "linkedin_oidc": "linkedin", "slack_oidc": "slack", "x": "twitter"}
"""Providers that Better Auth calls otherwise."""
BUILT_IN = frozenset(
    {"apple", "discord", "facebook", "figma", "github", "gitlab", "google", "kakao", "linkedin", "microsoft"}
    | {"notion", "slack", "spotify", "twitch", "twitter", "zoom"}
)
"""Providers of Supabase that Better Auth has built in, by Better Auth's name."""
ISSUERS = {
    "apple": "https://appleid.apple.com",
    "credential": "local:credential",
    "facebook": "https://www.facebook.com",
    "google": "https://accounts.google.com",
}
"""Issuers where they are known; every other provider gets `local:oauth:NAME`."""


def issuer(provider: str) -> str:
    """What a provider calls itself, for tables that want it."""
    return ISSUERS.get(provider, f"local:oauth:{quote(provider, safe='')}")
