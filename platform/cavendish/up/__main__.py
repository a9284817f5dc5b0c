"""`manage.py up`, once Django has checked the settings: the whole platform on this machine."""

import sys

from cavendish.boot.config import Config
from cavendish.up.runner import run

sys.exit(run(Config.load()))
