"""The documents' site: it builds, every link and anchor in it leads somewhere, and every page is in its menu."""

import os
import subprocess
import sys
from pathlib import Path


def test_the_site_builds_without_a_broken_link_or_a_page_that_nobody_finds(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "tutorial.html").is_file()
