#!/bin/sh
# Writes constraints.txt and peers.txt anew: the newest releases that fit pyproject.toml, as clean environments got them.
# Run it with the oldest Python that is supported ($1), whose extra needs then stand in the lists as well.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# $1: the file to write; $2: its first line; then what to install.
pin() {
    list=$1 title=$2
    shift 2
    "$python" -m venv --clear "$folder/venv"
    pip="$folder/venv/bin/python -m pip --quiet --disable-pip-version-check --no-input"
    $pip install --upgrade pip
    $pip install "$@"
    {
        echo "$title"
        $pip freeze --all --exclude openwmi --exclude setuptools
    } >"$folder/list"
    mv "$folder/list" "$list"
}

python=${1:-python3.11}
pin constraints.txt \
    '# What the project is developed and tested with. Written by `make constraints`; users get the ranges of pyproject.toml.' \
    --group dev --group fuzz --group kerberos hatchling .
pin peers.txt "# Other people's clients, as the tests run them. Written by \`make constraints\`." \
    --group peers
