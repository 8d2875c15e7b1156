"""`founder secrets restore`: secrets whose file is lost, back from the newest backup, with the key on paper."""

from __future__ import annotations

from collections.abc import Iterator

from founderstack.backups.assemble import place_here, places_of
from founderstack.backups.sets.origin import SetsElsewhere
from founderstack.cli.terminal.keys import asked, key_of
from founderstack.cli.terminal.render import paint
from founderstack.cli.terminal.typed import _
from founderstack.model.backup import S3_KEY, S3_SECRET
from founderstack.model.errors import EXIT_OK, EXIT_PRECONDITION, StackError
from founderstack.operations.backups.lost_secrets import bring_back
from founderstack.operations.stack.site import Site
from founderstack.world.keys.sealing import Key
from founderstack.world.os import ambient
from founderstack.world.os.ambient import state_root


def run(site: Site, key_file: str, wanted: str) -> int:
    """Ask for the key, put the file back, and say what comes next."""
    site.secrets.refuse_readable()
    if "backup" not in site.stack.parts:
        raise StackError(
            _("This stack makes no backups"),
            _("There is none that the secrets could come back from."),
            _("Make new ones for every service: founder secrets rotate --all"),
            exit_code=EXIT_PRECONDITION,
        )
    one = bring_back(site, _places(site, Key(key_of(key_file))), wanted)
    print(paint("✓ ", "green") + _("The secrets are as they were in {id}").format(id=one.manifest.id))
    print("  " + _("What was made anew since then is gone. Every service is given what came back by: founder up"))
    return EXIT_OK


def _places(site: Site, key: Key) -> Iterator[SetsElsewhere]:
    """Where the stack's sets lie: this machine, then the bucket, whose keys are asked for once it is looked at."""
    settings, state = site.stack.parts["backup"].settings, site.places.state
    yield SetsElsewhere(place_here(settings, state), key, state_root())
    if settings.s3_bucket:
        keys = _keys_of_bucket()
        yield SetsElsewhere(places_of(settings, state, keys.__getitem__)[1], key, state_root())


def _keys_of_bucket() -> dict[str, str]:
    """They were among what is lost."""
    return {
        S3_KEY: ambient.given("FOUNDER_S3_KEY") or asked(_("Access key of the bucket: "), "FOUNDER_S3_KEY"),
        S3_SECRET: ambient.given("FOUNDER_S3_SECRET") or asked(_("Secret key of the bucket: "), "FOUNDER_S3_SECRET"),
    }
