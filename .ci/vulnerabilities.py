"""Report known vulnerabilities of the pinned dependencies, from the database of osv.dev.

    python .ci/vulnerabilities.py [--osv-url URL]

The exit code is 1 if there are any. It is 0, with a notice, if the database cannot be reached: a machine without a
network is no error of the change.
"""

import json
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).parent.parent / "constraints.txt"
COMMAND = [
    sys.executable, "-m", "pip_audit", "--requirement", str(CONSTRAINTS), "--no-deps", "--disable-pip",
    "--vulnerability-service", "osv", "--format", "json", "--progress-spinner", "off", "--timeout", "5",
]  # fmt: skip
TIMEOUT = 120  # seconds


def main(arguments: list[str]) -> int:
    """Query the database, print each vulnerability, and return the exit code."""
    try:
        finished = subprocess.run(
            [*COMMAND, *arguments], capture_output=True, encoding="utf-8", timeout=TIMEOUT, check=False
        )
        packages = json.loads(finished.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return _not_checked(f"no answer within {TIMEOUT} seconds")
    except ValueError:
        return _not_checked(finished.stderr.strip().rpartition("\n")[2])
    found = [(package, vulnerability) for package in packages for vulnerability in package.get("vulns", ())]
    for package, vulnerability in found:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}")
    print(f"{len(packages)} dependencies checked, {len(found)} known vulnerabilities")
    return 1 if found else 0


def _not_checked(reason: str) -> int:
    print(f"NOTICE: the dependencies were NOT checked for known vulnerabilities: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
