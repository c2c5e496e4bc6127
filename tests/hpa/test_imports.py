"""The simulator is a program of its own."""

import subprocess
import sys


def test_the_simulator_comes_without_pulumi() -> None:
    code = "import sys, hpa.__main__; print([name for name in sys.modules if name.split('.')[0].startswith('pulumi')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
