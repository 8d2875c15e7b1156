"""Nginx: the only door. TLS, the app on one origin, the panel and the tools on another."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from founderstack.catalogue import _nginx_servers, _packaged
from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import NoBackup
from founderstack.model.component import Component, Port, Provides, View
from founderstack.model.settings import setting
from founderstack.model.words import Endpoint, LogSource, ServerCertificate

_PROGRAM = "/usr/sbin/nginx"
_OWN = "nginx/certificate"
_DOORS = ("https", "http", "panel")
_PAGES = ("unavailable", "too-large", "too-many", "panel-down", "tool-down", "admins-only")
"""What the gateway shows where nobody behind it answers, or nobody may."""


@dataclass(frozen=True)
class GatewaySettings:
    https_port: int = setting(0, least=0, most=65535)
    """Port of the app; 0 takes 443 where it may, else (without a domain) 8443 or the next free one."""
    http_port: int = setting(0, least=0, most=65535)
    """Port that redirects to HTTPS; 0 takes 80 where it may, else (without a domain) 8080 or the next free one."""
    panel_port: int = setting(0, least=0, most=65535)
    """Port of the panel and the tools, an origin of their own; 0 takes 9443 or the next free one."""
    listen: Literal["auto", "loopback", "all"] = setting("auto")
    """Who can reach it: `auto` means this machine only, or everybody once a domain is set."""
    upload_limit_mib: int = setting(100, least=1, most=102400)
    """Largest request body."""
    timeout_s: int = setting(60, least=1, most=3600)
    """Longest wait for the app's next byte."""


def processes(view: View) -> tuple[p.Process, ...]:
    places, certificate, probe = view.places, _certificate(view), view.places.socket("nginx", "probe")
    etc, run, log = places.etc("nginx"), places.run("nginx"), places.log("nginx")
    return (
        p.Process(
            name="nginx",
            component="nginx",
            card=p.Card(
                title=N_("Nginx"), group="gateway", summary=N_("Gateway with TLS"), address=view.app_url, stops=False
            ),
            argv=(_PROGRAM, "-e", "stderr", "-c", f"{etc}/nginx.conf", "-g", "daemon off;"),
            cwd=run,
            folders=(p.Folder(run), p.Folder(log)),
            files=(
                p.File(f"{etc}/nginx.conf", _main(view)),
                p.File(f"{etc}/app.conf", _nginx_servers.app_server(view)),
                p.File(f"{etc}/panel.conf", _nginx_servers.panel_server(view)),
                p.File(f"{etc}/proxy.conf", _nginx_servers.limits(view)),
                *(p.File(f"{etc}/{page}.html", _packaged.text("nginx_files", f"{page}.html")) for page in _PAGES),
            ),
            sockets=(probe, *(socket for relay in view.all(p.Relay) for socket in relay.sockets)),
            ready=p.Probe("http", probe, ask="/", timeout_s=20),
            needs=("nginx/packages", certificate.task),
            follows=(certificate.task,),
            low_ports=min(view.port(name) for name in _DOORS) < 1024,
            stop_signal="QUIT",
            stop_wait_s=15,
            reload_signal="HUP",
            # On the signal alone it would keep the old configuration and say so to its log only.
            check=(_PROGRAM, "-t", "-q", "-e", "stderr", "-c", f"{etc}/nginx.conf"),
            reopen_signal="USR1",
            log_files=tuple(source.path for source in logs(view)),
        ),
    )


def tasks(view: View) -> tuple[p.Task, ...]:
    packages = p.Task(
        name="nginx/packages",
        component="nginx",
        summary=N_("Nginx from the distribution"),
        action=p.Install(packages=("nginx-light",), provides=(_PROGRAM,)),
    )
    return (packages,) if view.find(ServerCertificate) else (packages, _own_certificate(view))


def _own_certificate(view: View) -> p.Task:
    domain = view.stack.domain
    names = (domain,) if domain else ("localhost", view.host, "::1", view.machine.hostname)
    return p.Task(
        name=_OWN,
        component="nginx",
        summary=N_("a certificate of the stack's own authority"),
        action=p.Certificate(names=tuple(dict.fromkeys(names)), folder=view.places.files.tls),
    )


def _certificate(view: View) -> ServerCertificate:
    """That of a part that makes one, else that of the stack's own authority."""
    tls = view.places.files.tls
    return view.find(ServerCertificate) or ServerCertificate(f"{tls}/server.crt", f"{tls}/server.key", _OWN)


def endpoints(view: View) -> tuple[Endpoint, ...]:
    return tuple(Endpoint("gateway", name, view.host, view.port(name)) for name in _DOORS)


def logs(view: View) -> tuple[LogSource, ...]:
    return (LogSource("gateway", f"{view.places.log('nginx')}/access.log", "json"),)


def _main(view: View) -> str:
    etc, run, certificate = view.places.etc("nginx"), view.places.run("nginx"), _certificate(view)
    (access,) = logs(view)
    return f"""\
worker_processes {max(1, min(view.machine.cores, 4))};
pid {run}/nginx.pid;
error_log stderr warn;
worker_shutdown_timeout {view.settings.timeout_s}s;
events {{ worker_connections 2048; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    server_tokens off;
    sendfile on;
    tcp_nodelay on;
    gzip on;
    gzip_proxied any;
    gzip_types text/plain text/css application/javascript application/json image/svg+xml;
    client_body_temp_path {run}/body;
    proxy_temp_path {run}/proxy;
    fastcgi_temp_path {run}/fastcgi;
    uwsgi_temp_path {run}/uwsgi;
    scgi_temp_path {run}/scgi;
    client_max_body_size {view.settings.upload_limit_mib}m;
    client_header_timeout 15s;
    client_body_timeout 60s;
    keepalive_timeout 65s;
    large_client_header_buffers 8 16k;

    ssl_certificate {certificate.chain};
    ssl_certificate_key {certificate.key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:tls:2m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;

    log_format json escape=json '{{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method",'
        '"host":"$host","uri":"$request_uri","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,'
        '"upstream":"$upstream_addr","upstream_seconds":"$upstream_response_time","agent":"$http_user_agent",'
        '"id":"$request_id"}}';
    access_log {access.path} json;

    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    # What stays open: a WebSocket, and what a browser's EventSource asks for.
    map "$http_upgrade $http_accept" $lasting {{ default ""; "~*^websocket " 1; "~ text/event-stream" 1; }}
    # Panels' cookies are taken out before every upstream but the panel, wherever they stand in the header.
    # One map takes out those that stand together; a browser carries several where several stacks run on one machine.
{_cookie_maps()}
    include {etc}/app.conf;
    include {etc}/panel.conf;

    server {{
        listen unix:{view.places.socket("nginx", "probe")};
        access_log off;
        location / {{ return 200 "ok\\n"; }}
    }}
}}
"""


_PLACES_OF_COOKIES = 16
"""How many times panels' cookies may stand apart from each other, with cookies of the app between them."""


def _cookie_maps() -> str:
    """Maps that lead from $http_cookie to $app_cookie; should a panel's cookie be left, nothing is passed on."""
    names = ["http_cookie", *(f"app_cookie_{number}" for number in range(1, _PLACES_OF_COOKIES + 1))]
    one = r"__Host-founder-[^=;]*=[^;]*(?:;\s*|$)"
    maps = (
        f"""\
    map ${before} ${after} {{
        default ${before};
        "~*^(?<{after}_a>(?:.*?;\\s*)?)(?:{one})+(?<{after}_b>.*)$" "${after}_a${after}_b";
    }}
"""
        for before, after in pairwise(names)
    )
    last = names[-1]
    return "".join(maps) + f'    map ${last} $app_cookie {{ default ${last}; "~*__Host-founder-" ""; }}\n'


COMPONENT = Component(
    name="nginx",
    summary=N_("Nginx, the gateway with TLS"),
    role="gateway",
    phase=1,
    backup=NoBackup("its files are made anew; certificates and the stack's own authority are in every set"),
    settings=GatewaySettings,
    processes=processes,
    tasks=tasks,
    ram_mib=20,
    needs=("panel",),
    uses=("app", "database-admin", "cache-admin"),
    replaces=("Vercel Edge", "Cloudflare Tunnel", "Traefik"),
    ports=(
        Port("https", 443, "HTTPS: the app", public=True, setting="https_port", fallback=8443),
        Port("http", 80, "HTTP: redirects to HTTPS", public=True, setting="http_port", fallback=8080),
        Port("panel", 9443, "HTTPS: the panel and the tools", public=True, setting="panel_port"),
    ),
    provides=(Provides(Endpoint, endpoints), Provides(LogSource, logs)),
    ready_after=("",),
)
