"""The dev tools panel: an unprivileged web process that knows nothing by itself and can only ask the agent."""
