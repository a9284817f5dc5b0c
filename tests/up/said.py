"""What a process that the tests have started says of itself; then it ends with status 7, or waits to be killed."""

import json
import os
import sys
import time

import setproctitle
from django.conf import settings

if sys.argv[1:] == ["wait"]:
    time.sleep(60)
os.umask(mask := os.umask(0))
said = {
    "arguments": sys.argv[1:],
    "greeting": os.environ.get("GREETING"),
    "home": os.environ.get("HOME"),
    "leads_its_session": os.getsid(0) == os.getpid(),
    "mask": mask,
    "title": setproctitle.getproctitle(),
    "application": settings.DATABASES["default"]["OPTIONS"]["application_name"],
}
sys.stdout.write(json.dumps(said) + "\n")
sys.exit(7)
