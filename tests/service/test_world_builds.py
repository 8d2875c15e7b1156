"""Releases, really built by an unprivileged user from a working tree or a commit."""

from __future__ import annotations

import os
import pwd
import resource
import secrets
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from founderstack.model.errors import StackError
from founderstack.model.process import Build
from founderstack.model.source import Revision
from founderstack.model.stack import Places
from founderstack.world.install import builds
from founderstack.world.os import accounts
from founderstack.world.os.processes import alive, all_pids
from founderstack.world.os.reaching import Inside
from founderstack.world.source.revisions import difference, revision
from founderstack.world.source.sources import resolve_ref, source_digest, source_files, take_source
from tests.conftest import enterable_folder

STACK = f"z{secrets.token_hex(3)}"  # what a run that was killed left behind has another name
GOOD = "mkdir -p out/deep && cp note.txt out/ && cp run.sh out/deep/ && ln -s note.txt out/link && id -un > out/who"


@pytest.fixture
def builder() -> Iterator[str]:
    yield accounts.ensure_user(STACK, "build")
    accounts.remove_users(STACK)


@pytest.fixture
def places(home: Path) -> Places:
    # A shared folder of its own: what is counted here are releases.
    return Places(state=f"{home}/{STACK}", shared=f"{home}/own-shared", python="/usr/bin/python3", package="/")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "repository" / "app"
    folder.mkdir(parents=True)
    (folder / "note.txt").write_text("first")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / ".gitignore").write_text("out\nnode_modules\n")
    _git(folder.parent, "init", "-q")
    _commit(folder)
    return folder


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def _commit(folder: Path) -> None:
    _git(folder, "add", "-A", ".")
    _git(folder, "commit", "-q", "-m", "change")


def _action(source: Path, **changes: object) -> Build:
    digest = source_digest(str(source), extra=[repr(sorted(changes.items()))])
    return replace(Build(1, digest, str(source), GOOD, "out"), **changes)  # type: ignore[arg-type]


def test_a_release_is_whole_and_nobody_can_change_it(source: Path, places: Places, builder: str) -> None:
    release = Path(builds.build(_action(source), places, user=builder, progress=print))
    assert (release / "note.txt").read_text() == (release / "link").read_text() == "first"
    assert (release / "who").read_text() == f"{builder}\n"
    for path in release.rglob("*"):
        assert path.lstat().st_uid == os.geteuid()
        assert path.is_symlink() or not path.stat().st_mode & 0o022
    assert os.access(release / "deep" / "run.sh", os.X_OK)
    assert sorted(os.listdir(f"{places.shared}/builds")) == [".lock"]


def test_two_that_want_the_same_build_it_once(source: Path, places: Places, builder: str) -> None:
    action = _action(source, command=f"sleep 0.3; {GOOD}")
    told: list[str] = []
    threads = [
        threading.Thread(target=builds.build, args=(action, places), kwargs={"user": builder, "progress": told.append})
        for _number in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count("keeping the release") == 1
    assert os.path.isdir(places.release(action.digest))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("seq 30; echo broken >&2; exit 3", "broken"),
        ("true", "is not there"),
        ("mkdir out; ln -s /etc/passwd out/x", "leads out of its folder"),
        ("mkdir out; ln -s ../note.txt out/x", "leads out of its folder"),
        ("mkdir out; mkfifo out/x", "neither a file"),
        ("ln -s /etc out", "is not there"),
    ],
)
def test_a_bad_build_leaves_no_release(source: Path, places: Places, builder: str, command: str, said: str) -> None:
    action = _action(source, command=command)
    with pytest.raises(StackError) as raised:
        builds.build(action, places, user=builder, progress=lambda line: None)
    assert said in raised.value.why
    assert len(raised.value.why.splitlines()) <= 20
    assert not os.path.exists(places.release(action.digest))
    assert sorted(os.listdir(f"{places.shared}/builds")) == [".lock"]


def test_the_whole_log_stays_and_is_named(source: Path, places: Places, builder: str) -> None:
    action = _action(source, command="seq 30; exit 3")
    with pytest.raises(StackError) as raised:
        builds.build(action, places, user=builder, progress=lambda line: None)
    log = builds.log_path(action, places)
    assert log in raised.value.fix
    assert Path(log).read_text().split() == [str(number) for number in range(1, 31)]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a user of its own")
def test_nothing_that_a_build_starts_outlives_it(source: Path, places: Places, builder: str) -> None:
    action = _action(source, command=f"(setsid sleep 600 &); {GOOD}; sleep 30", timeout_s=1)
    with pytest.raises(StackError) as raised:
        builds.build(action, places, user=builder, progress=print)
    assert "after 1 seconds" in raised.value.why
    assert [pid for pid in all_pids() if _owner(pid) == builder and alive(pid)] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a user of its own")
@pytest.mark.parametrize("closed", [True, False])
def test_the_caches_of_a_stack_that_is_gone_serve_the_next_of_its_name(
    source: Path, places: Places, builder: str, closed: bool
) -> None:
    command = f"mkdir -p $npm_config_cache/a && echo x >> $npm_config_cache/a/b && {GOOD}"
    builds.build(_action(source, command=command), places, user=builder, progress=print)
    kept = Path(f"{places.shared}/cache/npm-{builder}/a/b")
    for path in (kept, kept.parent, kept.parent.parent):
        os.chown(path, 54321, 54321)  # as the number of a user that is gone
    if closed:
        builds.close_caches(places, builder)
        assert kept.parent.parent.stat().st_uid == 0
    builds.build(_action(source, command=f"{command};"), places, user=builder, progress=print)
    assert kept.read_text() == ("x\nx\n" if closed else "x\n")


def _owner(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}").owner()
    except (FileNotFoundError, ProcessLookupError, KeyError):  # gone, or of a user whom only another root knows
        return ""


def test_what_a_killed_build_left_does_not_stand_in_the_way(source: Path, places: Places, builder: str) -> None:
    action = _action(source)
    for leftover in (
        f"{places.shared}/builds/{action.digest}/source",
        f"{places.shared}/releases/.{action.digest}.new",
    ):
        os.makedirs(leftover)
        Path(leftover, "junk").write_text("x")
    release = builds.build(action, places, user=builder, progress=print)
    assert "junk" not in os.listdir(release)


def test_a_commit_is_built_as_it_was(source: Path, places: Places, builder: str) -> None:
    first = resolve_ref(str(source), "HEAD")
    (source / "note.txt").write_text("second")
    (source / "new.txt").write_text("not committed")
    action = _action(source, ref=first, command=f"{GOOD}; ls > out/list")
    release = Path(builds.build(action, places, user=builder, progress=print))
    assert (release / "note.txt").read_text() == "first"
    assert "new.txt" not in (release / "list").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a user of its own")
def test_a_commit_of_somebody_elses_checkout_is_built(places: Places, builder: str) -> None:
    """Git makes the files as the checkout's owner, who can enter no folder of the build."""
    top = enterable_folder("founder-checkout-")
    folder = top / "app"
    folder.mkdir()
    for name in ("note.txt", "run.sh"):
        (folder / name).write_text("first")
    _git(folder, "init", "-q")
    _commit(folder)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)
    folder.chmod(0o700)
    action = Build(1, source_digest(str(folder), "HEAD"), str(folder), GOOD, "out", ref="HEAD")
    release = Path(builds.build(action, places, user=builder, progress=print))
    assert (release / "note.txt").read_text() == "first"
    assert sorted(os.listdir(f"{places.shared}/builds")) == [".lock"]
    shutil.rmtree(top)


def test_a_folder_without_git_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(StackError) as raised:
        resolve_ref(str(tmp_path), "v1")
    assert raised.value.why == f"{tmp_path} is not in a Git repository."


def test_a_release_stays_while_any_stack_wants_it(source: Path, places: Places, builder: str) -> None:
    other = replace(places, state=f"{places.state}-other")
    ours, both = _action(source), _action(source, command=f"true; {GOOD}")
    for action, whose in ((ours, places), (both, places), (both, other)):
        builds.build(action, whose, user=builder, progress=print)
    assert builds.prune_releases(places, set()) == [ours.digest]
    assert os.path.isdir(places.release(both.digest))
    assert builds.prune_releases(other, set()) == [both.digest]


def test_the_digest_is_of_content_and_the_same_in_a_commit(source: Path) -> None:
    clean = source_digest(str(source))
    assert source_digest(str(source), "HEAD") == clean
    (source / "out").mkdir()
    (source / "out" / "made").write_text("ignored")
    assert source_digest(str(source)) == clean
    (source / "run.sh").chmod(0o644)
    changed_mode = source_digest(str(source))
    (source / "new.txt").write_text("new")
    new_file = source_digest(str(source))
    (source / "note.txt").unlink()
    assert len({clean, changed_mode, new_file, source_digest(str(source)), source_digest(str(source), "", ["x"])}) == 5
    assert source_digest(str(source), "HEAD") == clean


def test_git_says_which_commit_it_is_and_what_came_since_another(source: Path) -> None:
    first = revision(str(source))
    assert (len(first.commit), first.subject, first.author, first.changed) == (40, "change", "test", 0)
    assert first.committed.startswith("20")
    (source / "note.txt").write_text("one\ntwo\n")
    (source / "new.txt").write_text("new\n")
    assert revision(str(source)).changed == 2
    assert revision(str(source), "HEAD") == first
    told = difference(str(source), first.commit)
    assert told is not None
    assert (told.count, told.files, told.added, told.removed) == (0, 2, 2, 1)
    _commit(source)
    (source.parent / "other").write_text("not the app's\n")
    _commit(source.parent)
    second = revision(str(source), "HEAD~1")
    assert difference(str(source), first.commit) == replace(told, commits=(second,), count=1, added=3)
    back = difference(str(source), second.commit, first.commit)
    assert back is not None
    assert (back.count, back.back, back.added, back.removed) == (0, 1, 1, 3)
    assert difference(str(source), "0" * 40) is None


def test_where_git_keeps_nothing_it_says_nothing(source: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (source / "out").mkdir()
    assert [revision(str(folder)) for folder in (tmp_path / "plain", source / "out", tmp_path / "none")] == [
        Revision()
    ] * 3
    assert difference(str(tmp_path / "plain"), "0" * 40) is None


def test_without_git_what_is_made_from_others_does_not_count(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "node_modules").mkdir(parents=True)
    (folder / "a").write_text("a")
    before = source_digest(str(folder))
    (folder / "node_modules" / "x").write_text("x")
    assert source_digest(str(folder)) == before
    (folder / "b").write_text("b")
    assert source_digest(str(folder)) != before


def test_what_a_checkout_makes_git_run_runs_as_its_owner() -> None:
    """A filter in the repository's own configuration: as root it would be anybody's way to be root."""
    top = enterable_folder("founder-checkout-")
    folder, seen = top / "app", top / "seen"
    folder.mkdir()
    (folder / "note.txt").write_text("first")
    (folder / ".gitattributes").write_text("*.txt filter=spy\n")
    _git(folder, "init", "-q")
    _commit(folder)
    _git(folder, "config", "filter.spy.smudge", f"id -u > {seen}; cat")
    owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
    for path in (top, *top.rglob("*")):
        os.chown(path, owner, -1)
    take_source(str(folder), "HEAD", str(top / "taken"))
    assert (top / "taken/note.txt").read_text() == "first"
    assert seen.read_text().split() == [str(owner)]
    assert source_files(str(folder)) == [".gitattributes", "note.txt"]
    shutil.rmtree(top)


@pytest.mark.parametrize(
    ("planted", "refused"),
    [
        ("rm a.txt && mkfifo a.txt", True),
        ("rm -r sub && ln -s {secret} sub", True),
        ("rm a.txt", True),
        ("rm a.txt && ln -s {secret}/b a.txt", False),
        ("chmod 6777 a.txt", False),
    ],
)
def test_what_a_filter_plants_in_a_checkout_makes_nothing_but_files_and_links(planted: str, refused: bool) -> None:
    """Git runs as the checkout's owner, and so does a filter of theirs, which may do as it likes meanwhile."""
    top = enterable_folder("founder-checkout-")
    folder, target, secret = top / "app", top / "taken", top / "secret"
    (folder / "sub").mkdir(parents=True)
    secret.mkdir(mode=0o700)
    for path in (folder / "a.txt", folder / "sub/b", folder / "z.last", secret / "b"):
        path.write_text("root's" if path.parent == secret else "first")
    (folder / ".gitattributes").write_text("*.last filter=liar\n")
    _git(folder, "init", "-q")
    _commit(folder)
    _git(folder, "config", "filter.liar.smudge", f"{planted.format(secret=secret)}; cat")
    for path in (folder, *folder.rglob("*")) if os.geteuid() == 0 else ():
        os.chown(path, pwd.getpwnam("nobody").pw_uid, -1)
    if refused:
        with pytest.raises(StackError, match="cannot be taken"):
            take_source(str(folder), "HEAD", str(target))
    else:
        take_source(str(folder), "HEAD", str(target))
    made = list(target.rglob("*"))
    assert {stat.S_IFMT(path.lstat().st_mode) for path in made} <= {stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR}
    assert not any(path.lstat().st_mode & 0o6000 for path in made)
    assert not any(path.read_text() == "root's" for path in made if path.is_file() and not path.is_symlink())
    assert {path.name for path in top.iterdir()} == {"app", "taken", "secret"}
    shutil.rmtree(top)


def _everything(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Content and executable bit of each file and link, by its path."""
    names = [path for path in folder.rglob("*") if path.is_symlink() or path.is_file()]
    return {
        os.fsdecode(path.relative_to(folder)): (
            os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes(),
            not path.is_symlink() and bool(path.stat().st_mode & 0o100),
        )
        for path in names
        if ".git" not in path.relative_to(folder).parts
    }


def test_a_commit_is_what_a_clean_checkout_of_it_has(source: Path, tmp_path: Path) -> None:
    """Also what `git archive` leaves out or changes, below the folder of the app in a larger repository."""
    repository = source.parent
    (repository / ".gitattributes").write_text("*.md export-ignore\n*.txt export-subst\n*.dos text eol=crlf\n")
    (source / "tests").mkdir()
    (source / "tests/.gitattributes").write_text("* export-ignore\n")
    for name, content in {
        "a.md": "m",
        "b.txt": "$Format:%H$",
        "c.dos": "x\ny\n",
        "tests/t.js": "t",
        "f\udce9": "o",
    }.items():
        (source / os.fsdecode(os.fsencode(name))).write_text(content)
    (source / "link").symlink_to("a.md")
    _commit(repository)
    _git(repository, "tag", "v1")
    (source / "a.md").write_text("later")
    (source / "staged").write_text("x")
    _git(repository, "add", "-A")
    kept = {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")}
    digest = source_digest(str(source), "v1")
    take_source(str(source), "v1", str(tmp_path / "taken"))
    assert {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")} == kept
    _git(tmp_path, "clone", "-q", "--branch", "v1", str(repository), "clone")
    assert _everything(tmp_path / "taken") == _everything(tmp_path / "clone/app")
    (tmp_path / "clone/app/c.dos").write_text("x\ny\n")  # the digest is of what Git keeps
    assert source_digest(str(tmp_path / "clone/app")) == digest


@pytest.fixture
def with_submodules(source: Path, tmp_path: Path) -> Path:
    """An app with a submodule that has one itself."""
    for name, inner in (("deep", ""), ("library", "deep")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "code.js").write_text(name)
        (tmp_path / name / ".gitattributes").write_text("*.js export-ignore\n")
        _git(tmp_path / name, "init", "-q")
        if inner:
            _add_submodule(tmp_path / name, tmp_path / inner)
        _commit(tmp_path / name)
    _add_submodule(source, tmp_path / "library")
    _git(source.parent, "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init", "--recursive")
    _commit(source.parent)
    return source


def _add_submodule(folder: Path, which: Path) -> None:
    _git(
        folder,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        "--name",
        "odd name",
        str(which),
        f"lib {which.name}",
    )


def test_a_commit_has_its_submodules_at_the_commits_that_it_names(with_submodules: Path, tmp_path: Path) -> None:
    clean = source_digest(str(with_submodules))
    then = _everything(with_submodules)
    assert {"lib library/code.js", "lib library/lib deep/code.js"} <= set(then)
    assert source_digest(str(with_submodules), "HEAD") == clean
    library = with_submodules / "lib library"
    (library / "code.js").write_text("newer")
    _commit(library)
    _commit(with_submodules)
    assert source_digest(str(with_submodules), "HEAD") == source_digest(str(with_submodules)) != clean
    assert source_digest(str(with_submodules), "HEAD~1") == clean
    _git(with_submodules, "rm", "-q", "-f", "lib library")  # Git goes on keeping it among the repository's modules
    take_source(str(with_submodules), "HEAD~1", str(tmp_path / "taken"))
    assert _everything(tmp_path / "taken") == then


def test_a_commit_whose_submodule_is_not_there_is_refused(with_submodules: Path, tmp_path: Path) -> None:
    _git(tmp_path, "clone", "-q", str(with_submodules.parent), "clone")
    app = tmp_path / "clone/app"
    for refused in (
        lambda: source_digest(str(app), "HEAD"),
        lambda: take_source(str(app), "HEAD", str(tmp_path / "to")),
    ):
        with pytest.raises(StackError, match="submodule lib library is not there") as raised:
            refused()
        assert f"git -C {app} submodule update --init" in raised.value.fix
    _git(app, "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init")
    with pytest.raises(StackError, match="submodule lib library/lib deep is not there"):
        source_digest(str(app), "HEAD")


def test_a_pointer_of_git_lfs_is_no_file_of_a_commit(source: Path, tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
    (source / "about-pointers.txt").write_text(pointer)
    _commit(source)
    take_source(str(source), "HEAD", str(tmp_path / "plain"))
    (source / "logo.png").write_text(pointer)
    (source / ".gitattributes").write_text("*.png filter=lfs diff=lfs merge=lfs -text\n")
    _commit(source)
    with pytest.raises(StackError, match=r"logo\.png is only the pointer") as raised:
        take_source(str(source), "HEAD", str(tmp_path / "to"))
    assert "git lfs pull" in raised.value.fix
    _git(source, "config", "filter.lfs.smudge", "echo no object for %f >&2; exit 2")
    _git(source, "config", "filter.lfs.required", "true")
    with pytest.raises(StackError, match="cannot be taken") as raised:
        take_source(str(source), "HEAD", str(tmp_path / "again"))
    assert "smudge filter lfs failed" in raised.value.why
    _git(source, "config", "filter.lfs.smudge", "cat >/dev/null; printf picture")
    take_source(str(source), "HEAD", str(tmp_path / "picture"))
    assert (tmp_path / "picture/logo.png").read_text() == "picture"


def test_a_file_that_no_source_has_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "dump.sql").touch()
    os.truncate(tmp_path / "dump.sql", 8 * 1024**4)
    for read in (lambda: source_digest(str(tmp_path)), lambda: take_source(str(tmp_path), "", str(tmp_path / "to"))):
        with pytest.raises(StackError) as raised:
            read()
        assert ("dump.sql" in raised.value.what, ".gitignore" in raised.value.fix) == (True, True)


def test_a_large_file_of_the_source_is_read_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "video").touch()
    os.truncate(tmp_path / "video", 300 * 1024**2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    source_digest(str(tmp_path))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_git_runs_as_whoever_the_repository_around_belongs_to() -> None:
    """A folder of root's in somebody's checkout: what git obeys is still theirs."""
    top = enterable_folder("founder-checkout-")
    folder, seen = top / "app", top / "seen"
    folder.mkdir()
    (folder / "note.txt").write_text("first")
    (top / ".gitattributes").write_text("*.txt filter=spy\n")
    _git(top, "init", "-q")
    _commit(top)
    _git(top, "config", "filter.spy.clean", f"id -u > {seen}; cat")
    owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
    for path in {top, *top.rglob("*")} - {folder, folder / "note.txt"}:
        os.chown(path, owner, -1)
    (folder / "note.txt").write_text("other")  # as long as before: only its content tells
    assert revision(str(folder)).changed == 1
    assert seen.read_text().split() == [str(owner)]
    shutil.rmtree(top)


@pytest.mark.parametrize("ignored", [False, True])
def test_nothing_behind_a_link_is_part_of_the_source(source: Path, tmp_path: Path, ignored: bool) -> None:
    """The names are those of a folder that was; where a link takes its place, they are somebody else's files."""
    secret, target = tmp_path / "secret", tmp_path / "builds/1/source"
    (source / "sub").mkdir()
    (source / "sub/evil").write_text("x")
    (source / ".gitignore").write_text("sub\n" if ignored else "out\n")
    _git(source, "add", "-A", "-f", ".")
    _commit(source)
    shutil.rmtree(source / "sub")
    secret.mkdir()
    (secret / "evil").write_text("root's")
    (source / "sub").symlink_to(secret)
    there = {".gitignore", "note.txt", "run.sh"} | (set() if ignored else {"sub"})
    assert set(source_files(str(source))) == there
    take_source(str(source), "", str(target))
    assert {path.name for path in target.iterdir()} == there
    assert [path.name for path in secret.iterdir()] == ["evil"]
    assert len(source_digest(str(source))) == len(source_digest(str(source), "HEAD"))


def test_a_repository_inside_is_part_of_the_source_whether_it_was_added_or_not(source: Path, tmp_path: Path) -> None:
    for name in ("added", "untracked"):
        (source / name / "deep").mkdir(parents=True)
        (source / name / "deep/lib.js").write_text("x")
        _git(source / name, "init", "-q")
        _commit(source / name)
    _git(source, "-c", "advice.addEmbeddedRepo=false", "add", "added")
    inner = {f"{name}/deep/lib.js" for name in ("added", "untracked")}
    assert inner <= set(source_files(str(source)))
    assert not any("/.git/" in path for path in source_files(str(source)))
    take_source(str(source), "", str(tmp_path / "taken"))
    assert all((tmp_path / "taken" / path).read_text() == "x" for path in inner)


def test_a_file_whose_name_is_no_utf_8_is_part_of_the_source(source: Path, tmp_path: Path) -> None:
    odd = os.fsdecode(b"f\xe9/caf\xe9.txt")
    (source / odd).parent.mkdir()
    (source / odd).write_text("one")
    assert odd in source_files(str(source))
    _commit(source)
    before = source_digest(str(source))
    assert before == source_digest(str(source), "HEAD")
    for ref in ("", "HEAD"):
        take_source(str(source), ref, str(tmp_path / f"copy-{ref}"))
        assert (tmp_path / f"copy-{ref}" / odd).read_text() == "one"
    (source / odd).write_text("two")
    assert source_digest(str(source)) != before


def test_a_copy_is_not_written_through_a_link_that_it_has_just_made(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "copy").mkdir()
    with Inside(str(tmp_path / "copy")) as copy:
        copy.make_link("sub", str(outside))
        for path in ("sub/evil", "../evil", "/evil", "deep/../../evil"):
            with pytest.raises(OSError, match=r"not below|Not a directory"):
                copy.write(path)
    assert not list(outside.iterdir())


def test_a_pipe_is_no_part_of_the_source_and_holds_nothing_up(source: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    for folder, name in ((source, "note.txt"), (plain, "pipe")):
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)
        assert source_digest(str(folder))
        assert name not in source_files(str(folder))
    with Inside(str(plain)) as inside, pytest.raises(OSError, match="not a file"):
        inside.read("pipe")


def test_an_unknown_commit_is_named(source: Path) -> None:
    for ref in ("no-such-branch", "--output=/tmp/x"):
        with pytest.raises(StackError, match="There is no commit"):
            source_digest(str(source), ref)
