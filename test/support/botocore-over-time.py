"""botocore, asked for credentials (of a profile, if one is named) once per line on stdin; the line says how many seconds have passed since the start."""

import datetime
import os
import sys

import botocore.session

real_now = datetime.datetime.now
credentials = None
for line in sys.stdin:
    seconds = float(line)
    os.environ["TEST_WALL_OFFSET"] = os.environ["TEST_UPTIME_OFFSET"] = str(seconds)
    if credentials is None:
        credentials = botocore.session.Session(profile=(sys.argv[1:] or [None])[0]).get_credentials()
    passed = datetime.timedelta(seconds=seconds)
    credentials._time_fetcher = lambda: real_now(datetime.timezone.utc) + passed
    print(credentials.get_frozen_credentials().access_key, flush=True)
