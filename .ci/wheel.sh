#!/usr/bin/env bash
# Build the wheel, install it into a clean environment, and use it from an empty folder: PYTHON=python3.12 .ci/wheel.sh
# With --no-deps the environment uses the packages of .venv instead of downloading them.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"${PYTHON:-python3}" -m venv "$work/venv"
bin=$work/venv/bin
"$bin/python" -m pip wheel --quiet --no-deps --wheel-dir "$work/dist" .
if [ "${1:-}" = --no-deps ]; then
  "$bin/python" -m pip install --quiet --no-deps "$work"/dist/*.whl
  packages='import sysconfig; print(sysconfig.get_path("purelib"))'
  .venv/bin/python -c "$packages" > "$("$bin/python" -c "$packages")/dependencies.pth"
else
  "$bin/python" -m pip install --quiet --constraint constraints.txt "$work"/dist/*.whl
fi

mkdir "$work/empty"
cd "$work/empty"
"$bin/python" -c "import sys, textclf; sys.exit(textclf.__file__.startswith('$root'))"
"$bin/textclf" configs toy_en
"$bin/textclf" check toy_en.yaml
"$bin/textclf" train toy_en.yaml --set training.epochs=2
"$bin/textclf" predict "a wonderful film"
"$bin/textclf" report --output report.html
test -s report.html
