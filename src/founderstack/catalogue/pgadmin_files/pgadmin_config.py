"""pgAdmin's configuration for one stack, computed from the settings file that the environment names.

pgAdmin executes this file instead of its own `config_distro.py` when `CONFIG_DISTRO_FILE_PATH` names it, so its
virtual environment stays read-only and is shared by all stacks. Names with a leading underscore stay private.
Source: pgadmin/evaluate_config.py, checked against pgAdmin 9.18.
"""

import json as _json
import os as _os
from pathlib import Path as _Path

_settings = _json.loads(_Path(_os.environ["FOUNDER_PGADMIN_SETTINGS"]).read_text(encoding="utf-8"))

# What the file replaced by this one says.
HELP_PATH = "../../docs/en_US/_build/html/"
MINIFY_HTML = False

# Everything it writes lies below one folder: database, sessions, storage, log.
DATA_DIR = _settings["state_dir"]
SERVER_MODE = True

# Signed on by the gateway alone. The guard sets REMOTE_USER in the WSGI environment, out of reach of any header.
AUTHENTICATION_SOURCES = ["webserver"]
WEBSERVER_REMOTE_USER = "REMOTE_USER"
WEBSERVER_REMOTE_USER_FROM_HEADER = False
WEBSERVER_AUTO_CREATE_USER = True
MASTER_PASSWORD_REQUIRED = False
MFA_ENABLED = False
# Binds a session to address and browser version; the guard binds it to the person and the sign-in instead.
ENHANCED_COOKIE_PROTECTION = False

# The guard alone says where the request came from, and drops the headers these would count.
PROXY_X_FOR_COUNT = PROXY_X_PROTO_COUNT = PROXY_X_HOST_COUNT = PROXY_X_PORT_COUNT = PROXY_X_PREFIX_COUNT = 0

# Cookies ignore ports: two stacks on one machine need two names.
SESSION_COOKIE_NAME = _settings["session_cookie"]
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
COOKIE_DEFAULT_PATH = _settings["mount"]
SESSION_COOKIE_PATH = _settings["mount"]
APPLICATION_ROOT = _settings["mount"]

# As shipped, less `http:` and `ws:`, through which a page could send data anywhere.
CONTENT_SECURITY_POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline';"
    " object-src 'none'; base-uri 'self'; frame-ancestors 'self';"
)

# A saved password is encrypted with a key that lives only as long as the session: it could not be read tomorrow.
ALLOW_SAVE_PASSWORD = False
FIXED_BINARY_PATHS = {"pg": _settings["binaries"]}

# Reaches nothing outside the machine, and starts no terminal.
UPGRADE_CHECK_ENABLED = False
SHOW_GRAVATAR_IMAGE = False
LLM_ENABLED = False
AUTO_DISCOVER_SERVERS = False
SUPPORT_SSH_TUNNEL = False
ENABLE_PSQL = False
ENABLE_SERVER_PASS_EXEC_CMD = False
CHECK_SUPPORTED_BROWSER = False

LOG_ROTATION_MAX_LOG_FILES = 5
