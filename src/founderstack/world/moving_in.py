"""Brings the files of an app into the bucket that it is offered: `python -m founderstack.world.moving_in`.

Runs as the app's own user. Reads `FILES_DIR` and the `S3_…` that the app gets. What is there already, and as large, is
not sent again; nothing is removed here, so that going back is possible. Safe to run again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from founderstack.model.errors import StackError
from founderstack.world.buckets import Bucket, S3Store
from founderstack.world.files import list_files


def copy_files(env: Mapping[str, str]) -> int:
    """How many files were sent; raises StackError where the bucket cannot be reached or refuses."""
    bucket, key, secret = (env[name] for name in ("S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"))
    store = S3Store(Bucket(env["S3_ENDPOINT"], bucket, key, secret, env["S3_REGION"]))
    folder, sent = env["FILES_DIR"], 0
    for path in list_files(folder):
        name = os.path.relpath(path, folder)
        there = store.stat(name)
        if there is None or there.size != os.path.getsize(path):
            with open(path, "rb") as source:
                store.put(name, source)
            sent += 1
    return sent


if __name__ == "__main__":
    try:
        print(copy_files(os.environ), "files sent")  # noqa: T201 - its output is the log of the task
    except StackError as error:
        sys.exit(f"{error.what}: {error.why}")
