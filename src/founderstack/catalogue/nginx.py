"""Nginx: the only door. TLS, the app on one origin, the panel and the tools on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from founderstack.locale import N_
from founderstack.model import process as p
from founderstack.model.backup import Backup
from founderstack.model.component import Component, Port, Route, View
from founderstack.model.process import secret
from founderstack.model.settings import setting
from founderstack.model.stack import RING_SLOTS

_PROGRAM = "/usr/sbin/nginx"


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
    places = view.places
    etc, run, log = places.etc("nginx"), places.run("nginx"), places.log("nginx")
    https, http = view.port("gateway", "https"), view.port("gateway", "http")
    return (
        p.Process(
            name="nginx",
            component="nginx",
            card=p.Card(title=N_("Nginx"), group="gateway", summary=N_("Gateway with TLS"), address=view.app_url),
            argv=(_PROGRAM, "-e", "stderr", "-c", f"{etc}/nginx.conf", "-g", "daemon off;"),
            cwd=run,
            folders=(p.Folder(run), p.Folder(log)),
            files=(
                p.File(f"{etc}/nginx.conf", _main(view)),
                p.File(f"{etc}/app.conf", _app(view)),
                p.File(f"{etc}/panel.conf", _panel(view)),
                p.File(f"{etc}/proxy.conf", _proxy(view)),
                p.File(f"{etc}/unavailable.html", _UNAVAILABLE),
                p.File(f"{etc}/panel-down.html", _PANEL_DOWN),
            ),
            sockets=(f"{run}/probe.sock", *(view.relays.sockets if view.relays else ())),
            ready=p.Probe("http", f"{run}/probe.sock", ask="/", timeout_s=20),
            needs=("nginx/packages", "nginx/certificate"),
            low_ports=min(https, http, view.port("gateway", "panel")) < 1024,
            stop_signal="QUIT",
            stop_wait_s=15,
            reload_signal="HUP",
            reopen_signal="USR1",
            log_files=(f"{log}/access.log",),
        ),
    )


def tasks(view: View) -> tuple[p.Task, ...]:
    domain = view.stack.domain
    names = (domain,) if domain else ("localhost", "127.0.0.1", "::1", view.machine.hostname)
    return (
        p.Task(
            name="nginx/packages",
            component="nginx",
            summary=N_("Nginx from the distribution"),
            action=p.Install(packages=("nginx-light",), provides=(_PROGRAM,)),
        ),
        p.Task(
            name="nginx/certificate",
            component="nginx",
            summary=N_("a certificate of the stack's own authority"),
            action=p.Certificate(names=tuple(dict.fromkeys(names)), folder=f"{view.places.state}/tls"),
        ),
    )


def _main(view: View) -> str:
    etc, run, log = view.places.etc("nginx"), view.places.run("nginx"), view.places.log("nginx")
    tls = f"{view.places.state}/tls"
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

    ssl_certificate {tls}/server.crt;
    ssl_certificate_key {tls}/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:tls:2m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;

    log_format json escape=json '{{"time":"$time_iso8601","client":"$remote_addr","method":"$request_method",'
        '"host":"$host","uri":"$request_uri","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,'
        '"upstream":"$upstream_addr","upstream_seconds":"$upstream_response_time","agent":"$http_user_agent",'
        '"id":"$request_id"}}';
    access_log {log}/access.log json;

    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    # The panel's cookie is taken out before every upstream but the panel, wherever it stands in the header.
    map $http_cookie $cookie_without_panel {{
        default $http_cookie;
        "~*^(?<before>.*?)(?:;\\s*)?__Host-founder-[^=;]*=[^;]*(?<after>.*)$" "$before$after";
    }}
    map $cookie_without_panel $app_cookie {{
        default $cookie_without_panel;
        "~*__Host-founder-" "";
        "~^;\\s*(?<rest>.*)$" $rest;
    }}

    include {etc}/app.conf;
    include {etc}/panel.conf;

    server {{
        listen unix:{run}/probe.sock;
        access_log off;
        location / {{ return 200 "ok\\n"; }}
    }}
}}
"""


def _app(view: View) -> str:
    etc = view.places.etc("nginx")
    https, http = view.port("gateway", "https"), view.port("gateway", "http")
    port = "" if https == 443 else f":{https}"
    name = view.stack.domain or "_"
    refuse = _refuse_other_names(view, https) if view.stack.domain else ""
    body = "".join(_ring(view, ring) for ring in view.rings) + _relay_servers(view)
    location = (
        f"""\
    location / {{
        proxy_pass http://{view.rings[0]};
        include {etc}/proxy.conf;
        proxy_read_timeout {view.settings.timeout_s}s;
{_headers()}    }}
"""
        if view.rings
        else f'    location / {{ return 302 "{view.panel_url}/"; }}\n'
    )
    return f"""\
{body}
server {{
{_listen(view, http)}
    server_name {name};
    location / {{ return 301 https://$host{port}$request_uri; }}
}}
{refuse}
server {{
{_listen(view, https, "ssl http2")}
    server_name {name};
    add_header Strict-Transport-Security "max-age=31536000" always;
    add_header X-Content-Type-Options nosniff always;
    add_header X-Frame-Options SAMEORIGIN always;
    add_header Referrer-Policy strict-origin-when-cross-origin always;
    error_page 502 504 /_unavailable;
    location = /_unavailable {{
        internal;
        default_type text/html;
        charset utf-8;
        alias {etc}/unavailable.html;
    }}
{location}}}
"""


def _refuse_other_names(view: View, https: int) -> str:
    return f"""\
server {{
{_listen(view, https, "ssl default_server")}
    ssl_reject_handshake on;
}}"""


def _ring(view: View, ring: str) -> str:
    """The upstream of a ring: all its slots, always. A rollout points the slots elsewhere and reloads nothing.

    Without `keepalive`: a cached connection would go on to an instance that is being replaced.
    """
    folder = view.places.ring(ring)
    slots = "".join(f"    server unix:{folder}/{slot}.sock max_fails=0;\n" for slot in range(RING_SLOTS))
    return f"upstream {ring} {{\n{slots}}}\n"


def _relay_servers(view: View) -> str:
    if view.relays is None:
        return ""
    etc = view.places.etc("nginx")
    return "".join(
        f"""\
server {{
    listen unix:{socket};
    access_log off;
    client_max_body_size 0;
    location / {{
        proxy_pass http://127.0.0.1:{view.relays.first_port + number};
        include {etc}/proxy.conf;
        proxy_read_timeout {view.settings.timeout_s}s;
        proxy_set_header Host $http_host;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Upgrade $http_upgrade;
    }}
}}
"""
        for number, socket in enumerate(view.relays.sockets)
    )


def _headers(*, cookie: str = "$app_cookie", **founder: str) -> str:
    """Headers for an upstream, each said once: who the client is, is told by the gateway alone."""
    headers = {
        "Host": "$http_host",
        "Cookie": cookie,
        "Connection": "$connection_upgrade",
        "Upgrade": "$http_upgrade",
        "X-Forwarded-For": "$remote_addr",
        "X-Forwarded-Host": "$http_host",
        "X-Forwarded-Proto": "$scheme",
        "X-Forwarded-Port": "$server_port",
        "X-Real-IP": "$remote_addr",
        "X-Request-ID": "$request_id",
        "Forwarded": "",
        "X-Founder-User": "",
        "X-Founder-Session": "",
        "X-Founder-Role": "",
        "X-Founder-Gateway": "",
        **{f"X-Founder-{name.capitalize()}": value for name, value in founder.items()},
    }
    return "".join(f'        proxy_set_header {name} "{value}";\n' for name, value in headers.items())


def _proxy(view: View) -> str:
    """Limits for every upstream."""
    return f"""\
proxy_http_version 1.1;
proxy_connect_timeout 5s;
proxy_send_timeout {view.settings.timeout_s}s;
proxy_next_upstream error timeout;
proxy_next_upstream_tries 3;
proxy_buffer_size 16k;
proxy_buffers 8 16k;
"""


def _listen(view: View, port: int, options: str = "") -> str:
    everybody = view.settings.listen == "all" or (view.settings.listen == "auto" and view.stack.domain)
    addresses = ("", "[::]:") if everybody else ("127.0.0.1:",)
    suffix = f" {options}" if options else ""
    return "\n".join(f"    listen {address}{port}{suffix};" for address in addresses)


def _panel(view: View) -> str:
    etc = view.places.etc("nginx")
    panel = f"http://unix:{view.places.run('panel')}/panel.sock"
    tools = "".join(_tool(view, route) for route in view.routes)
    to_panel = _headers(cookie="$http_cookie", gateway=secret("panel.gateway"))
    return f"""\
server {{
{_listen(view, view.port("gateway", "panel"), "ssl http2")}
    server_name _;
    add_header Strict-Transport-Security "max-age=31536000" always;
    error_page 500 502 504 /_panel_down;
    location = /_panel_down {{
        internal;
        default_type text/html;
        charset utf-8;
        alias {etc}/panel-down.html;
    }}
    location = /auth {{ return 404; }}
    location = /_sign_on {{
        internal;
        proxy_pass {panel}:/auth;
        proxy_pass_request_body off;
        include {etc}/proxy.conf;
        proxy_set_header Content-Length "";
        proxy_set_header X-Original-URI $request_uri;
{to_panel}    }}
{tools}
    location / {{
        proxy_pass {panel}:;
        include {etc}/proxy.conf;
        proxy_buffering off;
        proxy_read_timeout 1h;
{to_panel}    }}
}}
"""


def _tool(view: View, route: Route) -> str:
    etc = view.places.etc("nginx")
    sign_in = f"@sign_in_{route.name}"
    headers = _headers(user="$founder_user", session="$founder_session", role="$founder_role", gateway=route.secret)
    # The way back after sign-in is the tool's own path, never the request's: $uri could smuggle a header in.
    return f"""\
    location {sign_in} {{ return 302 /sign-in?next={route.path}; }}
    location {route.path} {{
        auth_request /_sign_on;
        auth_request_set $founder_user $upstream_http_x_founder_user;
        auth_request_set $founder_session $upstream_http_x_founder_session;
        auth_request_set $founder_role $upstream_http_x_founder_role;
        error_page 401 = {sign_in};
        proxy_pass http://unix:{route.socket}:;
        include {etc}/proxy.conf;
        proxy_read_timeout 10m;
{headers}    }}
"""


_PAGE = """\
<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root{{color-scheme:light dark}}
body{{font:17px/1.6 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem}}
h1{{font-size:1.5rem;margin:0 0 .5rem}}p{{margin:.4rem 0;opacity:.8}}
hr{{border:0;border-top:1px solid #8884;margin:1.5rem 0}}
</style><h1>{title}</h1><p>{text}</p><hr><h1 lang="es">{titulo}</h1><p lang="es">{texto}</p></html>
"""
_UNAVAILABLE = _PAGE.format(
    title="Back in a moment",
    text="The application is not answering right now. It is started again by itself; try once more in a few seconds.",
    titulo="Volvemos en un momento",
    texto="La aplicación no responde ahora mismo. Se reinicia sola; inténtalo de nuevo en unos segundos.",
)
_PANEL_DOWN = _PAGE.format(
    title="The panel is not answering",
    text="Tools stay closed until it can tell who you are. On the server, “founder status” says more.",
    titulo="El panel no responde",
    texto="Las herramientas siguen cerradas hasta saber quién eres. En el servidor, «founder status» dice más.",
)

COMPONENT = Component(
    name="nginx",
    summary=N_("Nginx, the gateway with TLS"),
    role="gateway",
    phase=1,
    backup=Backup("files", "certificates and the stack's own authority"),
    settings=GatewaySettings,
    processes=processes,
    tasks=tasks,
    ram_mib=20,
    needs=("panel",),
    uses=("app", "database-admin"),
    replaces=("Vercel Edge", "Cloudflare Tunnel", "Traefik"),
    ports=(
        Port("https", 443, "HTTPS: the app", public=True, setting="https_port", fallback=8443),
        Port("http", 80, "HTTP: redirects to HTTPS", public=True, setting="http_port", fallback=8080),
        Port("panel", 9443, "HTTPS: the panel and the tools", public=True, setting="panel_port"),
    ),
    ready_after=("nginx",),
)
