"""Unpack a training's folder, install what it requires, run its script: `python run_packed.py SCRIPT ARGUMENTS`."""

import glob
import io
import os
import subprocess
import sys
import tarfile

FOLDER, SITE = "/tmp/train", "/tmp/site"


def main() -> None:
    content = b""
    for part in sorted(glob.glob(os.path.join(os.path.dirname(__file__), "part-*"))):
        with open(part, "rb") as file:
            content += file.read()
    with tarfile.open(fileobj=io.BytesIO(content)) as packed:
        packed.extractall(FOLDER, filter="data")
    os.chdir(FOLDER)
    environment = dict(os.environ)
    if os.path.isfile("requirements.txt"):
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", SITE]
        subprocess.run([*install, "--requirement", "requirements.txt"], check=True)
        environment["PYTHONPATH"] = SITE
    os.execve(sys.executable, [sys.executable, *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
