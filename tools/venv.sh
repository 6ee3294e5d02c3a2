#!/bin/sh
# Makes the virtual environment $1 with a current pip, unless a sound one is there. $2 is the file in it that names the
# folder it was made for. $3 is the Python to use; without it the first that fits.
set -eu
venv=$1 stamp=$2 wanted=${3:-}

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

fits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

is_sound() {
    fits "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1 &&
        { [ ! -e "$stamp" ] || [ "$(cat "$stamp")" = "$(pwd)" ]; }
}

make_venv() {
    candidates=${wanted:-python3.13 python3.12 python3.11 python3}
    python=
    for candidate in $candidates; do
        if fits "$candidate"; then
            python=$candidate
            break
        fi
    done
    [ -n "$python" ] ||
        fail "openwmi needs Python 3.11 or newer, and found none among: $candidates" \
            "python3 is: $(python3 --version 2>&1)" \
            "If it has another name: make PYTHON=/path/to/python3"
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "$python cannot make virtual environments: its modules venv and ensurepip are missing." \
            "Debian and Ubuntu have them in a package of their own: apt install python3-venv"
    echo "Setting up $venv with $("$python" --version) ..."
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

is_sound || make_venv
# Constraints for what a build itself needs came with pip 25.3.
"$venv/bin/python" -m pip --quiet --disable-pip-version-check --no-input install -c constraints.txt 'pip>=25.3'
