"""The resident part: probes, retries and typed verbs over a Unix socket; the one process with its owner's rights."""
