"""The front page as bytes, rendered when something changed and served as it is until it changes again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from markupsafe import Markup

from founderstack.model.protocols import Clock
from founderstack.panel.config import Config
from founderstack.panel.live import Live
from founderstack.panel.rendering import Reader, Templates
from founderstack.panel.shown import tiles
from founderstack.panel.shown.notices import Notice
from founderstack.panel.shown.rings import together

# Stand in the rendered page where each reader's own part goes; bytes that no template or text can hold.
_FORM_TOKEN, _USER, _NOTICE = "\x00form\x00", "\x00user\x00", "\x00notice\x00"
_HOLES = re.compile(f"({_FORM_TOKEN}|{_USER}|{_NOTICE})".encode())


class Home:
    """Renders for the two languages and the two roles."""

    def __init__(self, config: Config, rendering: Templates, live: Live, clock: Clock) -> None:
        self._config = config
        self._rendering = rendering
        self._live = live
        self._clock = clock
        self._page_in: dict[tuple[Reader, bool], tuple[int, list[bytes]]] = {}
        self._tiles_in: dict[Reader, tuple[int, dict[str, bytes]]] = {}

    def page(
        self, reader: Reader, user: str, form_token: str, notice: Notice | None = None, *, only: bool = False
    ) -> bytes:
        """The page with all tiles; `only` shows those that are not online, and the others once they are not."""
        version, pieces = self._page_in.get((reader, only), (-1, []))
        if version != self._live.version:
            pieces = _HOLES.split(self._rendered(reader, only))
            self._page_in[reader, only] = (self._live.version, pieces)
        shown = self._rendering.part("notice.html", reader.language, notice=notice) if notice else b""
        own = {
            _NOTICE.encode(): shown,
            _USER.encode(): escape(user).encode(),
            _FORM_TOKEN.encode(): form_token.encode(),
        }
        # Every second piece is a hole; looking for them in the whole page anew would cost more than all the rest.
        filled = pieces.copy()
        filled[1::2] = [own[hole] for hole in pieces[1::2]]
        return b"".join(filled)

    def fragments(self, reader: Reader) -> dict[str, bytes]:
        """The summary under "", then every tile by name in the page's order; rendered once for all readers alike."""
        version, fragments = self._tiles_in.get(reader, (-1, {}))
        stale_s = self._live.stale_s
        if version == self._live.version:
            return dict(fragments)
        changed = set(self._live.processes) if stale_s or not fragments else set(self._live.changed_since(version))
        shown = self._shown(reader, stale_s)
        summary = tiles.summary(shown, self._rendering.words(reader.language), stale_s)
        fresh = {"": self._rendering.part("summary.html", reader.language, summary=summary)}
        for one in shown:
            if one.key in changed or one.instances or one.key not in fragments:
                fresh[one.key] = self._rendering.part("tile.html", reader.language, tile=one, reader=reader)
            else:
                fresh[one.key] = fragments[one.key]
        self._tiles_in[reader] = (self._live.version, fresh)
        return dict(fresh)

    def _rendered(self, reader: Reader, only: bool) -> bytes:
        fragments = self.fragments(reader)
        return self._rendering.page(
            "home.html", reader.language, reader=reader, user=_USER, form_token=_FORM_TOKEN, notice=_NOTICE,
            section="home", here="/", only=only,
            summary=Markup(fragments.pop("").decode()),  # noqa: S704 - our own
            tiles=[Markup(fragment.decode()) for fragment in fragments.values()],  # noqa: S704 - our own
        )  # fmt: skip

    def _shown(self, reader: Reader, stale_s: float) -> Sequence[tiles.Tile]:
        now, translate = self._clock.now(), self._rendering.words(reader.language)
        found = [
            tiles.tile(name, said, translate, reader.language, now, stale_s, self._config.panel_url)
            for name, said in together(self._live.processes, self._config.stack).items()
        ]
        return sorted(found, key=lambda one: one.order)
