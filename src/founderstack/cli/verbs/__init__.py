"""One module for each verb: `run(arguments) -> exit code`."""
