"""How Gunicorn serves pgAdmin. The socket is given on the command line."""

# pgAdmin keeps connections and transactions in memory: more than one worker would lose them.
workers = 1
worker_class = "gthread"
# Made on demand. Every open ERD or schema-diff tab holds one for up to 25 s at a time (long polling), so the
# usual eight would be used up by eight tabs.
threads = 32
# Only for a worker that hangs; a cold start on a loaded machine takes longer than the default 30 s.
timeout = 120
graceful_timeout = 5
# No control interface, and no header may set SCRIPT_NAME or PATH_INFO.
control_socket_disable = True
forwarder_headers = ""
