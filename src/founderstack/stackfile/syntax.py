"""What a parser's message about a line that is not TOML means, in words for a person."""

from __future__ import annotations

from founderstack.locale import _ as translated


def _(text: str) -> str:
    """Mark a text for the catalogue; it is translated when it is shown."""
    return text


_VALUES = '`key = "text"`, `key = 1`, `key = true`, `key = ["a", "b"]`'


def explained(message: str) -> tuple[str, str]:
    """Why a statement is not TOML and what to write instead, from the beginning of tomllib's message."""
    for start, why, fix in _EXPLANATIONS:
        if message.startswith(start):
            return translated(why), translated(fix).format(values=_VALUES) if "{values}" in fix else translated(fix)
    return translated(_("The line is not valid TOML: {message}")).format(message=message), translated(_("Correct it"))


_EXPLANATIONS = (
    (
        "Invalid value",
        _("What follows the equals sign is not a value"),
        _("Put texts in quotes; write one of {values}"),
    ),
    (
        "Expected '='",
        _("There is no equals sign after the key"),
        _("Write `key = value` on one line; a key of several words needs quotes or underscores"),
    ),
    (
        "Expected newline",
        _("Something follows a statement that was complete"),
        _("Write one statement on a line, and put texts in quotes"),
    ),
    (
        "Invalid statement",
        _("The line is neither a table, a key with a value nor a comment"),
        _('Write `[table]`, `key = "value"` or `# comment`'),
    ),
    (
        "Invalid initial character for a key",
        _("A key or the name of a table is missing, or holds a character that needs quotes"),
        _("Write keys with letters, digits, `-` and `_` only"),
    ),
    (
        "Cannot overwrite",
        _("The key stands here for the second time"),
        _("Keep one of the two lines"),
    ),
    (
        "Duplicate inline table key",
        _("The key stands here for the second time"),
        _("Keep one of the two"),
    ),
    (
        "Cannot declare",
        _("The table stands here for the second time"),
        _("Join the two tables into one"),
    ),
    (
        "Cannot mutate",
        _("The key or table adds to one that was complete before"),
        _("Write all keys of one table together, below its `[table]` line"),
    ),
    (
        "Cannot redefine",
        _("The key or table adds to one that was complete before"),
        _("Write all keys of one table together, below its `[table]` line"),
    ),
    (
        "Expected ']",
        _("The name of the table is not closed with a bracket"),
        _("Write `[table]`"),
    ),
    (
        "Unclosed array",
        _("The list is not closed, or a comma is missing between two items"),
        _('Write `key = ["a", "b"]`'),
    ),
    (
        "Unclosed inline table",
        _("The table in braces is not closed, or a comma is missing between two keys"),
        _('Write `key = { a = "1", b = "2" }` on one line'),
    ),
    (
        "Unterminated string",
        _("The text is not closed with a quote"),
        _("Close the text with the quote it was opened with"),
    ),
    (
        "Expected \"'",
        _("The text is not closed with a quote"),
        _("Close the text with the quote it was opened with"),
    ),
    (
        "Expected '\"",
        _("The text is not closed with a quote"),
        _("Close the text with the quote it was opened with"),
    ),
    (
        "Illegal character '\\n'",
        _("The text is not closed with a quote"),
        _("Close the text on the line it was opened on, or use triple quotes for several lines"),
    ),
    (
        "Illegal character",
        _("The text holds a control character"),
        _("Remove the character, or write the text anew"),
    ),
    (
        "Unescaped '\\'",
        _("A backslash in double quotes starts an escape, and this one is not known"),
        _("Use single quotes, or write two backslashes"),
    ),
    (
        "Invalid hex",
        _("A backslash in double quotes starts an escape, and this one is not known"),
        _("Use single quotes, or write two backslashes"),
    ),
    (
        "Escaped character",
        _("The escape is not a character"),
        _("Write the character itself"),
    ),
    (
        "Invalid date",
        _("The date does not exist"),
        _("Put texts in quotes; write one of {values}"),
    ),
    (
        "Found invalid character",
        _("The line holds a control character"),
        _("Remove it, or write the line anew"),
    ),
)
