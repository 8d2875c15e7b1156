"""The verbs: name, the module that carries it out, and what it is for. Nothing else is imported to show the help."""

from __future__ import annotations

from founderstack.locale import N_

VERBS: dict[str, str] = {
    "init": N_("Make a stack file in this folder"),
    "up": N_("Bring everything to what the stack file says"),
    "plan": N_("Show what would change, and why; touches nothing"),
    "status": N_("What runs, how it does, and where to open it"),
    "open": N_("Open the app, the panel or a tool"),
    "logs": N_("What the processes say"),
    "deploy": N_("Serve the app as its source is now, without a failed request"),
    "rollback": N_("Serve an earlier release of the app again"),
    "scale": N_("Change how many instances of the app run: scale app=3"),
    "restart": N_("Restart a process, or replace the app's instances by fresh ones"),
    "stop": N_("Stop a service on purpose, until it is started again"),
    "start": N_("Start a service that was stopped"),
    "backup": N_("Take a backup now"),
    "backups": N_("What backups there are, where, and whether they were proven"),
    "rebuild": N_("Bring back a whole stack from its backups, on a bare machine"),
    "restore": N_("Bring back databases or files, beside what is used or in its place"),
    "migrate": N_("Move in from Supabase or any PostgreSQL: plan, run, verify, cutover, undo"),
    "secrets": N_("List, show or rotate generated secrets"),
    "alerts": N_("Who is told when something breaks: add, list, remove, test"),
    "down": N_("Stop everything; data stays"),
    "doctor": N_("Check the machine, its ports, disk and memory"),
    "kit": N_("One page to print: addresses, sign-ins, what to do on a bad day"),
    "upgrade": N_("Bring the tool to a newer version, or back to the one before"),
    "install-service": N_("Start the stack when the machine boots"),
    "link": N_("Make “founder” a command that works in every folder, with completion"),
    "destroy": N_("Remove everything, data too"),
    "completion": N_("Completion for bash, zsh or fish"),
    "test": N_("Prove that all of it works (from a checkout)"),
    "help": N_("Explain a topic: exit-codes, environment, formats"),
}
