"""What starts at boot is a stack that was brought up."""

from __future__ import annotations

from pathlib import Path

import pytest

from founderstack import wiring
from founderstack.model.errors import StackError
from founderstack.runtimes.host.runtime import HostRuntime
from founderstack.runtimes.host.systemd_unit import install


def test_a_stack_that_was_never_up_does_not_start_at_boot_though_another_one_brought_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUNDER_HOME", str(tmp_path / "home"))
    (tmp_path / "founder.toml").write_text('name = "never"\n')
    site = wiring.open_site(str(tmp_path / "founder.toml"))
    assert isinstance(site.runtime, HostRuntime)
    program, *_options, configuration = site.runtime.supervisor_argv
    Path(program).parent.mkdir(parents=True)
    Path(program).touch()
    with pytest.raises(StackError, match="nothing yet to start") as told:
        install(site.runtime, root=True)
    assert configuration in told.value.why
