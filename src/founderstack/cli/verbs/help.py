"""`founder help TOPIC`: what is not said by any single verb."""

from __future__ import annotations

from founderstack.cli.table import VERBS
from founderstack.cli.terminal.kinds import one_of
from founderstack.cli.terminal.options import Parser, parser
from founderstack.cli.terminal.typed import _
from founderstack.locale import N_
from founderstack.model.errors import EXIT_OK, EXIT_USAGE, StackError

TOPICS = {
    "exit-codes": N_(
        "0    done\n"
        "1    failed\n"
        "2    changes are pending (plan, up --check)\n"
        "3    something is not healthy (status --check)\n"
        "4    somebody must consent\n"
        "5    another command holds the stack's lock\n"
        "6    something must be put right first\n"
        "64   the command was not understood, or names something that there is not\n"
        "130  interrupted"
    ),
    "environment": N_(
        "FOUNDER_HOME       where state lives (default: /var/lib/founder for root, otherwise the folder founder in\n"
        "                   XDG_STATE_HOME or ~/.local/state)\n"
        "LANG, LC_ALL …     the reader's language, unless the stack file sets one: en or es\n"
        "NO_COLOR           no colours; FORCE_COLOR for colours in a pipe\n"
        "http_proxy …       passed on to what downloads; UV_… and npm_config_registry name other package indexes\n"
        "SSL_CERT_FILE      authorities that downloads trust\n"
        "\n"
        "Instead of a prompt, in scripts:\n"
        "FOUNDER_BACKUP_KEY, FOUNDER_S3_KEY, FOUNDER_S3_SECRET    what rebuild asks for\n"
        "FOUNDER_SOURCE_URL, FOUNDER_SOURCE_PASSWORD              the database that migrate moves from\n"
        "FOUNDER_SOURCE_FILES_KEY                                 the key to the files that it moves"
    ),
    "formats": N_(
        "stdout holds answers, stderr everything on the way.\n"
        "--json gives one document with its version in the key “v”; logs give one document a line.\n"
        'Errors with --json: {"v": 1, "errors": [{"what": …, "why": …, "fix": …}]} on stderr.\n'
        "founder.toml and founder.lock are TOML and carry `format = 1`."
    ),
}


def usage() -> Parser:
    """What may follow the verb."""
    options = parser("help", stack=False, example="founder help exit-codes")
    options.add_argument("topic", type=one_of(N_("TOPIC"), *TOPICS, *VERBS), help=", ".join(TOPICS))
    return options


def run(arguments: list[str]) -> int:
    """Explain one topic, or one verb."""
    options = usage()
    topic = options.parse_args(arguments).topic
    if topic in VERBS:
        from founderstack.cli.dispatch import dispatch

        return dispatch([topic, "--help"])
    if topic not in TOPICS:
        raise StackError(
            _("There is no help on “{topic}”").format(topic=topic),
            _("There are: {names}.").format(names=", ".join(TOPICS)),
            _("Choose one of them, or a verb."),
            exit_code=EXIT_USAGE,
        )
    print(_(TOPICS[topic]))
    return EXIT_OK
