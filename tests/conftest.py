"""Every test finds the pinned tools that `make tools` brought."""

import os

from tools.environment import tools_first

os.environ["PATH"] = tools_first()["PATH"]
