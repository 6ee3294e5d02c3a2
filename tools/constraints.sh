#!/bin/sh
# Writes constraints.txt anew: the newest releases that fit pyproject.toml, as a clean environment got them. Run it with
# the oldest Python that is supported ($1), whose extra needs then stand in the list as well.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${1:-python3.11}" -m venv "$folder"
pip="$folder/bin/python -m pip --quiet --disable-pip-version-check --no-input"
$pip install --upgrade pip
$pip install --group dev hatchling .
{
    echo '# What the project is developed and tested with. Written by `make constraints`; users get the ranges of pyproject.toml.'
    $pip freeze --all --exclude openwmi --exclude setuptools
} >"$folder/constraints.txt"
mv "$folder/constraints.txt" constraints.txt
