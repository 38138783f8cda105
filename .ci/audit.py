"""Known holes of the pinned dependencies, from the database of osv.dev. Says aloud when that cannot be reached.

    python .ci/audit.py [--osv-url URL]

Exit code 1 for a hole, 0 for none, and also where nobody answers: a checkout without network is no fault of the change.
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
LONGEST = 120  # seconds


def main(arguments: list[str]) -> int:
    """Ask, and print what was found."""
    try:
        asked = subprocess.run(
            [*COMMAND, *arguments], capture_output=True, encoding="utf-8", timeout=LONGEST, check=False
        )
        found = json.loads(asked.stdout)["dependencies"]
    except subprocess.TimeoutExpired:
        return _not_audited(f"no answer within {LONGEST} seconds")
    except ValueError:
        return _not_audited(asked.stderr.strip().rpartition("\n")[2])
    holes = [(package, hole) for package in found for hole in package.get("vulns", ())]
    for package, hole in holes:
        mended = ", ".join(hole["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {hole['id']}, mended in {mended}")
    print(f"{len(found)} dependencies audited, {len(holes)} known holes")
    return 1 if holes else 0


def _not_audited(reason: str) -> int:
    print(f"NOTICE: the dependencies were NOT audited for known holes: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
