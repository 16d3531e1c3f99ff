#!/usr/bin/env bash
# Build wheel and sdist, and try the wheel in an empty environment: the light core, a check in a notebook's process, the sandbox.
# Usage: release.sh PYTHON FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1
folder=$2
rm -rf "$folder" .venv-release
"$python" -m venv .venv-release
.venv-release/bin/python -m pip install --quiet --upgrade build
.venv-release/bin/python -m build --outdir "$folder" .
rm -rf .venv-release
"$python" -m venv .venv-release
.venv-release/bin/python -m pip install --quiet "$folder"/*.whl
outside=$(mktemp -d)
trap 'rm -rf "$outside"' EXIT
here=$PWD
cd "$outside"
"$here/.venv-release/bin/grader" --version
"$here/.venv-release/bin/grader" list --lang en >list.txt
grep --quiet "A stacked autoencoder" list.txt
if "$here/.venv-release/bin/grader" grade . --assignment stacked --out out 2>said.txt; then
    echo "grade ran without its extra" >&2
    exit 1
fi
grep --quiet "autoencoder-grader\[grade\]" said.txt
"$here/.venv-release/bin/python" - <<'PYTHON'
import grader

grader.use("stacked", language="en")
print(grader.hint("encoder"))
answer = grader.check("all")
assert not answer.passed
print(answer)
PYTHON
# Installed from a wheel, our packages lie among those that a notebook may read: the sandbox must hide them there too.
"$here/.venv-release/bin/python" -m pip install --quiet --constraint "$here/constraints.txt" "$(ls "$here/$folder"/*.whl)[grade,cpu,sandbox]"
"$here/.venv-release/bin/grader" doctor --sandbox --lang en
cd "$here"
rm -rf .venv-release
ls -l "$folder"
