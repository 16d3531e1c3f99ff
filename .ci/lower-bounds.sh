#!/usr/bin/env bash
# Make an environment with the oldest versions that the bounds in pyproject.toml allow, for `make lower-bounds`.
# Usage: lower-bounds.sh PYTHON FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1
folder=$2
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --upgrade pip uv
# uv does not read pip's settings: a mirror that pip uses is handed on.
mirror=$("$folder/bin/python" -m pip config get global.index-url 2>/dev/null || true)
[ -z "$mirror" ] || export UV_DEFAULT_INDEX=$mirror
"$folder/bin/uv" pip compile --quiet --python "$folder/bin/python" --resolution lowest-direct \
    --extra grade --extra cpu --extra workbook pyproject.toml --output-file "$folder/oldest.txt"
"$folder/bin/uv" pip install --quiet --python "$folder/bin/python" -r "$folder/oldest.txt"
# The tools of the tests are no dependencies: any version of them will do.
"$folder/bin/uv" pip install --quiet --python "$folder/bin/python" -c "$folder/oldest.txt" \
    babel hypothesis packaging pytest pytest-xdist threadpoolctl
"$folder/bin/uv" pip install --quiet --python "$folder/bin/python" --no-deps --editable .
touch "$folder/.installed"
