"""What the panel says outside its templates: a title and a sentence each, in the language of `_`."""

from __future__ import annotations

from founderstack.panel.shown.words import Translate


def not_found(_: Translate) -> tuple[str, str]:
    return _("There is no such page"), _("The panel's front page shows everything there is.")


def not_allowed(_: Translate) -> tuple[str, str]:
    return _("You may look, but not do that"), _("Ask somebody with the role “admin”.")


def not_understood(_: Translate) -> tuple[str, str]:
    return _("That was not understood"), _("Go back and try it again from the page.")


def old_form(_: Translate) -> tuple[str, str]:
    return _("That form is not valid any more"), _("Nothing was done. Go back, reload the page and send it again.")


def broken(_: Translate) -> tuple[str, str]:
    return _("Something went wrong here"), _("The log says more: founder logs panel. Everything else goes on.")


def wrong(_: Translate) -> str:
    return _("The name or the password is not right.")


def wait(_: Translate, seconds: int) -> str:
    return _("Too many attempts. Try again in {seconds} s.").format(seconds=seconds)


def name_differs(_: Translate) -> str:
    return _("That is not its name, so nothing was done.")


def number_differs(_: Translate) -> str:
    return _("That is not its number, so nothing was done.")


def copies_differ(_: Translate, most: int) -> str:
    return _("Choose between 1 and {most} copies.").format(most=most)


def wrong_code(_: Translate) -> str:
    return _("That code is not right, or it was used already.")


def wrong_confirmation(_: Translate) -> str:
    return _("That is not right.")
