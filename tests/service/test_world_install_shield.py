"""The shield against services that apt starts, in a root folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack.world.install.install_shield import ShieldPlaces, no_service_starts, stands, take_down


@pytest.fixture
def places(tmp_path: Path) -> ShieldPlaces:
    for folder in ("usr/sbin", "etc/systemd/system/multi-user.target.wants", "etc/init.d"):
        (tmp_path / folder).mkdir(parents=True)
    _enable(tmp_path, "old")
    return ShieldPlaces(str(tmp_path))


def _enable(root: Path, name: str) -> Path:
    link = root / "etc/systemd/system/multi-user.target.wants" / f"{name}.service"
    link.symlink_to(f"/lib/systemd/system/{name}.service")
    return link


def _enabled(places: ShieldPlaces) -> set[str]:
    return {path.name for path in Path(places.units).glob("*.wants/*")}


def test_it_stands_while_packages_come_and_is_gone_afterwards(places: ShieldPlaces) -> None:
    with no_service_starts(places):
        assert stands(places)
        assert Path(places.policy).stat().st_mode & 0o111
        assert "exit 101" in Path(places.policy).read_text()
        assert "create_main_cluster = off" in Path(places.cluster).read_text()
        _enable(Path(places.root), "new")
    assert _enabled(places) == {"old.service"}
    assert not stands(places)
    assert not Path(places.policy).exists()
    assert not Path(f"{places.root}/etc/postgresql-common").exists()


def test_a_policy_of_somebody_else_stays(places: ShieldPlaces) -> None:
    policy = Path(places.policy)
    policy.write_text("#!/bin/sh\nexit 101\n")
    with no_service_starts(places):
        pass
    assert policy.read_text() == "#!/bin/sh\nexit 101\n"


def test_settings_of_postgresql_stay(places: ShieldPlaces) -> None:
    other = Path(places.cluster).with_name("mine.conf")
    other.parent.mkdir(parents=True)
    other.write_text("port = 5433\n")
    with no_service_starts(places):
        pass
    assert [path.name for path in other.parent.iterdir()] == ["mine.conf"]


def test_an_installation_that_fails_takes_it_down_too(places: ShieldPlaces) -> None:
    with pytest.raises(FileExistsError), no_service_starts(places):
        # The second link of this name is the failure.
        _enable(_enable(Path(places.root), "new").parents[4], "new")
    assert _enabled(places) == {"old.service"}
    assert not Path(places.policy).exists()


def test_what_a_killed_run_left_is_put_right_by_the_next(places: ShieldPlaces) -> None:
    interrupted = no_service_starts(places)
    interrupted.__enter__()
    _enable(Path(places.root), "new")
    assert stands(places)

    take_down(places)
    assert _enabled(places) == {"old.service"}
    assert not Path(places.policy).exists()
    assert not stands(places)
    interrupted.__exit__(None, None, None)
