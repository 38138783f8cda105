"""Replay the steps of the Dockerfile without Docker, to test them where no daemon runs.

    python .ci/image.py answering FOLDER

Takes the files that `.dockerignore` leaves, runs every RUN in FOLDER, and checks that every COPY finds something. What
the image has under /opt is then in FOLDER/opt. Instead of the base image it has this machine, with the Python of this
process as `python`.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Instruction(NamedTuple):
    """One instruction of a Dockerfile."""

    name: str
    value: str


def read_stages(path: Path) -> dict[str, tuple[str, list[Instruction]]]:
    """Return for every stage the name that it begins with, and its instructions."""
    content = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    stages: dict[str, tuple[str, list[Instruction]]] = {}
    current: list[Instruction] = []
    for line in filter(None, map(str.strip, content.splitlines())):
        name, _, value = line.partition(" ")
        if name == "FROM":
            base, _, stage = value.partition(" AS ")
            current = []
            stages[stage] = base, current
        else:
            current.append(Instruction(name, value.strip()))
    return stages


def is_ignored(path: str, patterns: list[str]) -> bool:
    """Return whether `.dockerignore` leaves out a file: the last pattern that matches it or a folder above decides."""
    parts = PurePosixPath(path).parts
    above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    ignored = False
    for pattern in patterns:
        wanted = pattern.removeprefix("!")
        if wanted.startswith("**/"):
            matches = any(fnmatch(part, wanted.removeprefix("**/")) for part in parts)
        else:
            matches = any(fnmatch(one, wanted) and one.count("/") == wanted.count("/") for one in above)
        if matches:
            ignored = not pattern.startswith("!")
    return ignored


def copy_context(target: Path) -> None:
    """Copy the files that a build sees: those of the repository that `.dockerignore` leaves."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for path in listed:
        if not is_ignored(path, patterns) and (ROOT / path).is_file():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target / path)


def replay(stages: dict, stage: str, folder: Path, place: str = "/") -> str:
    """Replay a stage after the one that it begins with, and return its working directory."""
    base, instructions = stages[stage]
    if base in stages:
        place = replay(stages, base, folder)
    for name, value in instructions:
        if name == "WORKDIR":
            place = value
            inside(folder, value).mkdir(parents=True, exist_ok=True)
        elif name == "COPY":
            copy(stages, value, folder, inside(folder, place))
        elif name == "RUN":
            run(value, folder, inside(folder, place))
    return place


def copy(stages: dict, value: str, folder: Path, place: Path) -> None:
    """Copy files of the context; what comes from another stage is in the folder already, after that stage."""
    words = shlex.split(value)
    if words[0].startswith("--from="):
        replay(stages, words[0].removeprefix("--from="), folder)
        if not inside(folder, words[1]).exists():
            sys.exit(f"COPY {value}: there is no {words[1]}")
        return
    *sources, target = words
    for source in sources:
        given = folder / "context" / source
        to = place / target
        if target.endswith("/"):
            to.mkdir(parents=True, exist_ok=True)
        if given.is_dir():
            shutil.copytree(given, to, dirs_exist_ok=True)
        else:  # a missing file is an error, as in a build
            shutil.copy2(given, to / given.name if target.endswith("/") else to)


def run(command: str, folder: Path, place: Path) -> None:
    """Run a command in the folder, with its paths below /opt there."""
    print(f"RUN {command}", flush=True)
    environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder)}
    environment |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HTTP"))}
    subprocess.run(["sh", "-ec", command.replace("/opt/", f"{folder}/opt/")], cwd=place, env=environment, check=True)


def inside(folder: Path, path: str) -> Path:
    """Return where the folder has a path of the image."""
    return folder / path.lstrip("/")


def main(stage: str, folder: Path) -> None:
    """Replay a stage in a folder that must not be there."""
    folder.mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    copy_context(folder / "context")
    replay(read_stages(ROOT / "Dockerfile"), stage, folder.resolve())


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
