"""`founder backup prove`: how a drill is shown."""

from __future__ import annotations

from founderstack import wiring
from founderstack.cli.terminal.events import tell_result
from founderstack.cli.terminal.manner import Manner
from founderstack.cli.terminal.render import age, paint, seconds
from founderstack.cli.terminal.transfer import shows
from founderstack.cli.terminal.typed import _
from founderstack.model.backup import Proof
from founderstack.model.errors import EXIT_FAILED, EXIT_OK
from founderstack.operations.backups.prove import prove
from founderstack.operations.stack.site import Site
from founderstack.world.os.companions import give_way


def run(site: Site, wanted: str, manner: Manner, *, as_json: bool) -> int:
    """Restore a set beside the running database and say how it went; exit code 1 where it could not be restored."""
    give_way()
    proof = prove(site, wiring.open_vault(site), wiring.open_drills(site), wanted, shows(manner))
    code = EXIT_OK if proof.ok else EXIT_FAILED
    if manner.events or as_json:
        return tell_result(_values(proof), code)
    if proof.ok:
        text = _("{id} is proven: restored from {place} in {time}, compared in {compared}, and as it was dumped.")
        times = {"time": seconds(proof.seconds), "compared": seconds(proof.compared_s)}
        told = text.format(id=proof.set, place=proof.place, **times)
        print(paint("✓ ", "green") + told)
        loss = _("Its data was {age} old when the drill began: so much would have been lost with this machine.")
        print("  " + loss.format(age=age(proof.loss_s)))
        for text in proof.refused:
            print(paint("! ", "yellow") + text)
        return code
    print(paint("✗ ", "red") + _("{id} could not be restored from {place}:").format(id=proof.set, place=proof.place))
    for problem in proof.problems:
        print(f"  {problem}")
    print(paint("→ ", "blue") + _("Take a new one now: founder backup, and prove it: founder backup prove"))
    return code


def _values(proof: Proof) -> dict[str, object]:
    return {
        "set": proof.set,
        "ok": proof.ok,
        "seconds": proof.seconds,
        "compared_s": proof.compared_s,
        "loss_s": round(proof.loss_s, 1),
        "problems": list(proof.problems),
        "refused": list(proof.refused),
        "place": proof.place,
    }
