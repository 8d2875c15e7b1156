"""What Nginx serves: the app's servers, the panel's with its tools, and the headers that each upstream gets. Pure.

Not a component.
"""

from __future__ import annotations

from founderstack.model.component import View
from founderstack.model.process import Relay, secret
from founderstack.model.stack import RING_SLOTS, paired_slot
from founderstack.model.words import Route, Site


def app_server(view: View) -> str:
    """The app: HTTP that redirects, and HTTPS in front of the ring of its instances."""
    https, http = view.port("https"), view.port("http")
    port = "" if https == 443 else f":{https}"
    name = view.stack.domain or "_"
    refuse = _refuse_other_names(view, https) if view.stack.domain else ""
    sites = view.all(Site)
    routes = "".join(_open_route(view, route) for route in view.all(Route) if route.origin == "app")
    home = "".join(_site(view, site) for site in sites) or f'    location / {{ return 302 "{view.panel_url}/"; }}\n'
    return f"""\
{"".join(_ring(view, site.ring) for site in sites)}{_relay_servers(view)}
server {{
{_listen(view, http)}
    server_name {name};
    location / {{ return 301 https://{view.stack.domain or "$host"}{port}$request_uri; }}
}}
{refuse}
server {{
{_listen(view, https, "ssl http2")}
    server_name {name};
{_strict_transport(view)}    add_header X-Content-Type-Options nosniff always;
    add_header X-Frame-Options SAMEORIGIN always;
    add_header Referrer-Policy strict-origin-when-cross-origin always;
    add_header X-Request-ID $request_id always;
{_pages_of_errors(view)}{routes}{home}}}
"""


_PAGES = {"too-large": "413", "too-many": "429", "unavailable": "502 504"}
"""The gateway's own pages for statuses that it gives itself; what the app answers is passed on as it is."""


def _pages_of_errors(view: View) -> str:
    etc = view.places.etc("nginx")
    return _error_pages("    ") + "".join(_page(etc, page) for page in _PAGES)


def _error_pages(indent: str) -> str:
    return "".join(f"{indent}error_page {codes} /_{page.replace('-', '_')};\n" for page, codes in _PAGES.items())


def _site(view: View, site: Site) -> str:
    """An app's instances; what stays open, a WebSocket or a stream of events, may be silent for longer.

    `proxy_read_timeout` takes no variable, so what stays open has a location of its own, entered by a status that only
    the gateway gives.
    """
    lasting = f"@{site.ring}_lasting"
    return f"""\
    location / {{
{_error_pages("        ")}        error_page 418 = {lasting};
        if ($lasting) {{ return 418; }}
{_to_ring(view, site)}        proxy_read_timeout {view.settings.timeout_s}s;
    }}
    location {lasting} {{
{_to_ring(view, site)}        proxy_read_timeout {max(site.idle_s, view.settings.timeout_s)}s;
    }}
"""


def _to_ring(view: View, site: Site) -> str:
    limit = f"        client_max_body_size {site.body_limit_mib}m;\n" if site.body_limit_mib else ""
    return f"""\
{limit}        proxy_pass http://${site.ring}_slot;
        include {view.places.etc("nginx")}/proxy.conf;
        proxy_buffering {_on(site.buffer_answers)};
        proxy_request_buffering {_on(not site.stream_bodies)};
{_headers()}"""


def _on(wanted: bool) -> str:
    return "on" if wanted else "off"


def _open_route(view: View, route: Route) -> str:
    """A program on the app's origin, which decides itself who may do what."""
    return f"""\
    location {route.path} {{
        proxy_pass http://unix:{route.socket}:;
        include {view.places.etc("nginx")}/proxy.conf;
        proxy_read_timeout {view.settings.timeout_s}s;
{_headers(gateway=route.secret)}    }}
"""


def _strict_transport(view: View) -> str:
    """With a domain alone: a browser keeps it for a whole host, and `localhost` is everybody's."""
    return '    add_header Strict-Transport-Security "max-age=31536000" always;\n' if view.stack.domain else ""


def _refuse_other_names(view: View, https: int) -> str:
    return f"""\
server {{
{_listen(view, https, "ssl default_server")}
    ssl_reject_handshake on;
    return 421;
}}"""


def _ring(view: View, ring: str) -> str:
    """The upstreams of a ring, and `$RING_slot` for one by chance. A rollout points slots elsewhere, reloads nothing.

    There is one for each slot, with the other slot of its pair behind it: the two never lead to the same instance where
    there are two, so whoever met one that is silent is asked again elsewhere. In one upstream of all slots the second
    and third try could meet it too. Without `keepalive`: a cached connection would go on to an instance that is being
    replaced.
    """
    folder = view.places.ring(ring)
    # Not `split_clients`: the nginx-light of Ubuntu 22.04 is built without it.
    lots = "".join(
        f'    "~^({"|".join(f"{number:02x}" for number in range(slot, 256, RING_SLOTS))})" {ring}_{slot};\n'
        for slot in range(1, RING_SLOTS)
    )
    upstreams = "".join(
        f"""\
upstream {ring}_{slot} {{
    server unix:{folder}/{slot}.sock max_fails=0;
    server unix:{folder}/{paired_slot(slot)}.sock max_fails=0 backup;
}}
"""
        for slot in range(RING_SLOTS)
    )
    return f"map $request_id ${ring}_slot {{\n{lots}    default {ring}_0;\n}}\n{upstreams}"


def _relay_servers(view: View) -> str:
    """Each gives up later than the ring in front of it, which then asks another instance, and keeps nothing back."""
    etc = view.places.etc("nginx")
    patience = max(view.settings.timeout_s, *(site.idle_s for site in view.all(Site)), 0) + 5
    return "".join(
        f"""\
server {{
    listen unix:{socket};
    access_log off;
    client_max_body_size 0;
    location / {{
        proxy_pass http://{view.host}:{relay.first_port + number};
        include {etc}/proxy.conf;
        proxy_buffering off;
        proxy_request_buffering off;
        proxy_read_timeout {patience}s;
        proxy_set_header Host $http_host;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header Upgrade $http_upgrade;
    }}
}}
"""
        for relay in view.all(Relay)
        for number, socket in enumerate(relay.sockets)
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


def limits(view: View) -> str:
    """Limits for every upstream."""
    return f"""\
proxy_http_version 1.1;
proxy_connect_timeout 5s;
proxy_send_timeout {view.settings.timeout_s}s;
proxy_next_upstream error timeout;
proxy_buffer_size 16k;
proxy_buffers 8 16k;
"""


def _listen(view: View, port: int, options: str = "") -> str:
    everybody = view.settings.listen == "all" or (view.settings.listen == "auto" and view.stack.domain)
    addresses = ("", "[::]:") if everybody else (f"{view.host}:",)
    suffix = f" {options}" if options else ""
    return "\n".join(f"    listen {address}{port}{suffix};" for address in addresses)


def panel_server(view: View) -> str:
    """The panel and, behind its sign-on, the tools: an origin of their own."""
    etc = view.places.etc("nginx")
    panel = f"http://unix:{view.endpoint('panel').socket}"
    tools = "".join(_tool(view, route) for route in view.all(Route) if route.origin == "panel")
    to_panel = _headers(cookie="$http_cookie", gateway=secret("panel.gateway"))
    return f"""\
server {{
{_listen(view, view.port("panel"), "ssl http2")}
    server_name _;
{_strict_transport(view)}    error_page 500 502 504 /_panel_down;
{_page(etc, "panel-down")}{_page(etc, "admins-only")}{_page(etc, "tool-down")}    location = /auth {{ return 404; }}
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


def _page(etc: str, name: str) -> str:
    """A page of the gateway's own."""
    return f"""\
    location = /_{name.replace("-", "_")} {{
        internal;
        default_type text/html;
        charset utf-8;
        alias {etc}/{name}.html;
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
        error_page 403 /_admins_only;
        error_page 500 /_panel_down;
        error_page 502 504 /_tool_down;
        proxy_pass http://unix:{route.socket}:;
        include {etc}/proxy.conf;
        proxy_read_timeout 10m;
{headers}    }}
"""
