"""Every address of the panel, and who may ask for it. What is not in this table does not exist.

A page more is: a function in one of these modules (or a new one) that takes an `Ask` and gives a response, a template
that extends `layout.html`, and a line here. Sign-in, the form's token and origin, and the role are checked before the
function is called.
"""

from __future__ import annotations

from founderstack.panel.asking import Route
from founderstack.panel.routes import activity, app, find, ground, home, jobs, plan, service, signing

ROUTES: tuple[Route, ...] = (
    Route("GET", "/health", "anybody", ground.health, asked_by="gateway"),
    Route("GET", "/auth", "admin", ground.auth, asked_by="gateway"),
    Route("GET", "/static/{name}", "anybody", ground.static, asked_by="script"),
    Route("POST", "/language", "anybody", ground.choose_language),
    Route("GET", "/sign-in", "anybody", signing.sign_in_page),
    Route("POST", "/sign-in", "anybody", signing.sign_in),
    Route("POST", "/sign-out", "viewer", signing.sign_out),
    Route("GET", "/", "viewer", home.home),
    Route("GET", "/tiles", "viewer", home.all_tiles, asked_by="script"),
    Route("GET", "/events", "viewer", home.events, asked_by="script"),
    Route("GET", "/find", "viewer", find.page),
    Route("GET", "/find/list", "viewer", find.listed, asked_by="script"),
    Route("GET", "/service/{name}", "viewer", service.page),
    Route("GET", "/service/{name}/logs", "admin", service.logs),
    Route("GET", "/service/{name}/log.txt", "admin", service.log_file),
    Route("GET", "/service/{name}/tail", "admin", service.tail, asked_by="script"),
    Route("GET", "/service/{name}/{action}", "admin", service.confirm),
    Route("POST", "/service/{name}/{action}", "admin", service.act),
    Route("GET", "/app", "viewer", app.page),
    Route("POST", "/app/scale", "admin", app.scale),
    Route("POST", "/app/deploy", "admin", app.deploy),
    Route("GET", "/app/rollback/{number:int}", "admin", app.confirm_rollback),
    Route("POST", "/app/rollback/{number:int}", "admin", app.rollback),
    Route("GET", "/plan", "viewer", plan.page),
    Route("POST", "/plan", "admin", plan.apply),
    Route("GET", "/jobs", "viewer", jobs.listed),
    Route("GET", "/job/{id}", "viewer", jobs.one),
    Route("GET", "/job/{id}/progress", "viewer", jobs.progress, asked_by="script"),
    Route("GET", "/history", "viewer", activity.events),
)
