"""Brings the files of an app into the bucket offered to it: `python -m founderstack.world.objects.copy_into_bucket`.

Runs as the app's own user. Reads `FILES_DIR` and the `S3_…` that the app gets. Nothing is removed here, so that going
back is possible. Safe to run again: a mark among the files, which is in their backup as well, tells when all were sent,
and only what was written since is. Without it, a rebuilt machine would bring back what the app has removed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from founderstack.model.errors import StackError
from founderstack.world.objects.s3 import Bucket, S3Store
from founderstack.world.os.clock import SystemClock
from founderstack.world.os.files import list_files, write_atomic

_MARK = ".moved-in"


def copy_files(env: Mapping[str, str]) -> int:
    """How many files were sent; raises StackError where the bucket cannot be reached or refuses."""
    bucket, key, secret = (env[name] for name in ("S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"))
    store = S3Store(Bucket(env["S3_ENDPOINT"], bucket, key, secret, env["S3_REGION"]))
    folder, sent = env["FILES_DIR"], 0
    mark = os.path.join(folder, _MARK)
    since = os.path.getmtime(mark) if os.path.exists(mark) else 0.0
    began = SystemClock().now()
    for path in list_files(folder):
        if path == mark or os.path.getmtime(path) < since:
            continue
        name = os.path.relpath(path, folder)
        there = store.stat(name)
        if there is None or there.size != os.path.getsize(path):
            with open(path, "rb") as source:
                store.put(name, source)
            sent += 1
    write_atomic(mark, "")
    os.utime(mark, (began, began))
    return sent


if __name__ == "__main__":
    try:
        print(copy_files(os.environ), "files sent")  # noqa: T201 - its output is the log of the task
    except StackError as error:
        sys.exit(error.summary)
