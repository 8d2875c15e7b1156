"""Founder Diary's budgets, each printed beside its figure: python bench/app.py

One person with 10,000 entries among 100,000, on a real PostgreSQL and Redis, asked over HTTP without a gateway.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
from playwright.sync_api import Page, sync_playwright

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "src")]

from tests.app.servers import Build, Diary, Postgres, Redis, build, running  # noqa: E402

PASSWORD = "correct horse battery staple"
ENTRIES_OF_ONE = 10_000
OTHERS = 9
REQUESTS = 150
WORDS = [
    "customer",
    "meeting",
    "price",
    "shipping",
    "product",
    "team",
    "money",
    "sleep",
    "travel",
    "family",
    "launch",
    "bug",
    "fix",
    "release",
    "invoice",
    "contract",
    "email",
    "call",
    "cliente",
    "reunión",
    "precio",
    "envío",
    "producto",
    "equipo",
    "dinero",
    "sueño",
    "viaje",
    "familia",
    "lanzamiento",
    "error",
    "versión",
    "factura",
    "contrato",
    "correo",
    "llamada",
    "growth",
    "churn",
    "pricing",
    "database",
    "backup",
    "restore",
    "design",
    "writing",
    "reading",
    "walking",
    "running",
    "dinner",
    "garden",
    "winter",
    "summer",
]
PHONE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="founder-bench-app-", dir="/tmp"))
    folder.chmod(0o711)
    shared = Path(os.environ.get("FOUNDER_TEST_SHARED") or folder / "shared")
    shared.mkdir(mode=0o711, exist_ok=True)
    try:
        built = build(shared)
        with running(Postgres(folder / "postgres")) as postgres, running(Redis(folder / "redis")) as redis:
            database = postgres.create("diary")
            built.migrate(database)
            with running(Diary(built.node, built.dist, folder / "diary", database, redis.url)) as diary:
                return measure(built, diary)
    finally:
        shutil.rmtree(folder)


def measure(built: Build, diary: Diary) -> int:
    assert diary.process is not None
    time.sleep(5)
    idle_mb = resident_mb(diary.process.pid)
    client = sign_up(diary)
    fill(diary)
    figures = [
        ("timeline, first page, p95", p95(client, lambda _number: "/"), 50, "ms"),
        ("timeline, a later page, p95", p95(client, later_pages(client)), 50, "ms"),
        ("search, p95", p95(client, lambda number: f"/?q={searched(number)}"), 50, "ms"),
        (
            "search with a tag and a mood, p95",
            p95(client, lambda number: f"/?q={searched(number)}&tag=tag{number % 20}&mood=4"),
            50,
            "ms",
        ),
        ("an entry, p95", p95(client, entries(diary)), 50, "ms"),
        ("JavaScript of the first load, compressed", javascript_kb(client, "/"), 150, "KB"),
        ("JavaScript of the editor, compressed", javascript_kb(client, "/entries/new"), 150, "KB"),
        ("largest paint on a throttled phone, signed out", largest_paint_s(diary, None), 2.5, "s"),
        ("largest paint on a throttled phone, timeline", largest_paint_s(diary, client), 2.5, "s"),
        ("memory of an idle instance, resident", idle_mb, 130, "MB"),
    ]
    for name, value, budget, unit in figures:
        print(f"{name:<50} {value:8.1f} {unit:<3} budget {budget:g} {unit}  {'ok' if value <= budget else 'OVER'}")
    print(f"{'processor time of a timeline page':<50} {cpu_ms_a_page(diary.process.pid, client):8.1f} ms")
    print(f"{'memory after the load':<50} {resident_mb(diary.process.pid):8.1f} MB")
    print(f"{'size of dist/':<50} {sum(file.stat().st_size for file in built.dist.rglob('*')) / 1e6:8.1f} MB")
    return int(any(value > budget for _name, value, budget, _unit in figures))


def sign_up(diary: Diary) -> httpx.Client:
    client = httpx.Client(
        base_url=diary.origin, headers={"origin": diary.origin, "x-forwarded-for": "10.0.0.1"}, timeout=30
    )
    client.post(
        "/form/sign-up",
        data={"name": "Ana", "email": "ana@example.org", "password": PASSWORD},
        headers={"accept": "application/json"},
    ).raise_for_status()
    return client


def fill(diary: Diary) -> None:
    """10,000 entries for the person and for nine others, of about 450 characters each."""
    with psycopg.connect(diary.database, autocommit=True) as connection:
        owner = connection.execute("""select id from "user" where email = 'ana@example.org'""").fetchone()
        assert owner is not None
        others = [str(uuid.uuid4()) for _ in range(OTHERS)]
        for number, other in enumerate(others):
            connection.execute(
                'insert into "user" (id, name, email, "emailVerified") values (%s, %s, %s, true)',
                [other, "Other", f"other-{number}@example.org"],
            )
        for person in [str(owner[0]), *others]:
            connection.execute(
                """insert into entry (id, user_id, day, title, body, mood, pinned)
                   select gen_random_uuid(), %(owner)s, date '2026-11-24' - (n / 3),
                          (select string_agg((%(words)s::text[])[1 + (random() * 49)::int], ' ')
                             from generate_series(1, 4 + n * 0)),
                          (select string_agg((%(words)s::text[])[1 + (random() * 49)::int]
                                             || case when random() < 0.1 then (random() * 20000)::int::text else '' end,
                                             ' ')
                             from generate_series(1, 60 + n * 0)),
                          1 + n %% 5, n %% 2500 = 0
                     from generate_series(1, %(count)s) n""",
                {"owner": person, "words": WORDS, "count": ENTRIES_OF_ONE},
            )
        connection.execute(
            "insert into entry_tag select id, user_id, 'tag' || (abs(hashtext(id::text)) % 20) from entry"
        )
        connection.execute("insert into entry_figure select id, user_id, 'MRR', random() * 1000 from entry")
        connection.execute("vacuum analyze")


def searched(number: int) -> str:
    """Common words, rare ones, and beginnings of words."""
    word = WORDS[number % len(WORDS)]
    return [word, f"{word}{number * 131 % 20000}", word[:3], f"{word} {WORDS[number * 7 % len(WORDS)]}"][number % 4]


def later_pages(client: httpx.Client) -> Callable[[int], str]:
    paths, path = ["/"], "/"
    for _ in range(20):
        found = re.search(r'href="(/\?after=[^"]+)"', client.get(path).text)
        assert found is not None
        path = found[1]
        paths.append(path)
    return lambda number: paths[number % len(paths)]


def entries(diary: Diary) -> Callable[[int], str]:
    with psycopg.connect(diary.database) as connection:
        ids = [
            row[0]
            for row in connection.execute(
                """select e.id from entry e join "user" u on u.id = e.user_id
                   where u.email = 'ana@example.org' limit 200"""
            )
        ]
    return lambda number: f"/entries/{ids[number % len(ids)]}"


def p95(client: httpx.Client, path: Callable[[int], str]) -> float:
    """Milliseconds of a whole page, one request after the other, as the client sees them."""
    for number in range(20):
        client.get(path(number)).raise_for_status()
    spent = []
    for number in range(REQUESTS):
        begin = time.perf_counter()
        client.get(path(number)).raise_for_status()
        spent.append((time.perf_counter() - begin) * 1000)
    return statistics.quantiles(spent, n=20)[-1]


def cpu_ms_a_page(pid: int, client: httpx.Client) -> float:
    """What the app itself spends: unlike a time on the clock, it does not depend on what else the machine does."""

    def spent() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    before = spent()
    for _ in range(50):
        client.get("/").raise_for_status()
    return (spent() - before) / 50


def javascript_kb(client: httpx.Client, path: str) -> float:
    """What a browser loads that knows modules, as a gateway that compresses would send it."""
    page = client.get(path).text
    tags = [tag for tag in re.findall(r"<script[^>]+src=\"[^\"]+\"[^>]*>", page) if "nomodule" not in tag.lower()]
    sources = {match[1] for tag in tags if (match := re.search(r'src="([^"]+)"', tag))}
    return sum(len(gzip.compress(client.get(source).content, 6)) for source in sources) / 1024


def largest_paint_s(diary: Diary, client: httpx.Client | None) -> float:
    """Slow 4G and a processor four times slower; nothing is compressed, which a gateway would do."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(base_url=diary.origin, viewport={"width": 390, "height": 844})
        if client is not None:
            context.add_cookies(
                [{"name": name, "value": value, "url": diary.origin} for name, value in client.cookies.items()]
            )
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", PHONE)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.goto("/" if client is not None else "/sign-in", wait_until="load")
        paint = last_paint(page)
        browser.close()
    return paint


def last_paint(page: Page) -> float:
    return float(
        page.evaluate(
            """() => new Promise((resolve) =>
               new PerformanceObserver((list) => resolve(list.getEntries().at(-1).startTime / 1000))
               .observe({ type: 'largest-contentful-paint', buffered: true }))"""
        )
    )


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


if __name__ == "__main__":
    sys.exit(main())
