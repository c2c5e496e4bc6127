"""The documents: the site builds, every link leads somewhere, and the map of the code names what is there."""

import os
import re
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


def test_every_file_that_the_map_of_the_code_names_is_there() -> None:
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*|Makefile|__main__\.py)`", Path("CONTRIBUTING.md").read_text()))
    assert len(named) > 20
    assert sorted(each for each in named if not Path(each).exists()) == []


def test_every_link_of_the_readme_and_the_guide_leads_to_a_file() -> None:
    for page in (Path("README.md"), Path("CONTRIBUTING.md"), Path("hpa/README.md")):
        links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text())
        assert sorted(each for each in links if not (page.parent / each).exists()) == [], page
