# What the gate and the tests need on a machine. Sourced, not run.

# Installs packages of the system; says loudly what cannot be installed.
install_packages() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
    else
        echo "!! NOT INSTALLED: $*" >&2
        echo "!! That needs root on Debian (or Ubuntu): apt-get install $*" >&2
        return 1
    fi
}

need_tools() {
    if ! command -v cargo >/dev/null 2>&1; then
        echo "!! cargo is missing: install Rust (https://rustup.rs), then run this again" >&2
        exit 1
    fi
    if ! command -v cc >/dev/null 2>&1; then
        install_packages build-essential || { echo "!! without a C linker nothing can be built" >&2; exit 1; }
    fi
    # Approvals are tried against the real ssh-keygen, ssh-agent and git.
    if ! command -v ssh-keygen >/dev/null 2>&1 || ! command -v ssh-agent >/dev/null 2>&1 || ! command -v git >/dev/null 2>&1; then
        install_packages openssh-client git || true
    fi
}

# The pipelines that `hardmatch init` writes are held against the schemas of their makers, and their scripts against shellcheck.
# What is not there is said, here and by the tests that need it.
need_pipeline_checkers() {
    command -v shellcheck >/dev/null 2>&1 || install_packages shellcheck || true
    python3 -c 'import ensurepip' >/dev/null 2>&1 || install_packages python3-venv || true
    if python3 -m venv "$1/checkers" >&2 && "$1/checkers/bin/pip" install --quiet --disable-pip-version-check check-jsonschema >&2; then
        export HARDMATCH_TEST_CHECK_JSONSCHEMA="$1/checkers/bin/check-jsonschema"
    else
        echo "!! check-jsonschema could not be installed from PyPI" >&2
    fi
}

# What a build with Kerberos takes.
need_kerberos() {
    [ -e /usr/include/gssapi/gssapi.h ] && ls /usr/lib/llvm-*/lib/libclang*.so* >/dev/null 2>&1 && return
    install_packages libkrb5-dev libclang-dev
}

# Judges the dependencies by deny.toml. Built without optimisation: that takes two minutes instead of ten, and it runs for seconds.
need_cargo_deny() {
    cargo deny --version >/dev/null 2>&1 || cargo install --quiet --locked --profile dev --version ^0.20 cargo-deny
}

# The browser that opens the pages of plans; where its driver is, is written to browser.env below a folder.
need_browser() {
    : >"$1/browser.env"
    if ! command -v chromedriver >/dev/null 2>&1; then
        install_packages chromium chromium-driver || true
    fi
    if command -v chromedriver >/dev/null 2>&1; then
        echo "export HARDMATCH_TEST_CHROMEDRIVER='$(command -v chromedriver)'" >"$1/browser.env"
    else
        echo "!! The tests of a plan's page need Chromium and chromedriver." >&2
    fi
}

# Where cargo puts what it builds.
target_folder() {
    cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}

# Starts the directory servers below a folder; what the tests must know of them is written to *.env there.
start_servers() {
    : >"$1/samba.env" >"$1/old.env" >"$1/slapd.env"
    if [ "$(uname)" != Linux ] || [ "$(id -u)" != 0 ]; then
        echo "!! The tests of live directories need root on Linux: the ports of a domain controller cannot be changed." >&2
        return
    fi
    tests/servers/samba-dc start "$1/samba" >"$1/samba.env" || echo "!! the Samba domain controller did not start" >&2
    tests/servers/samba-dc start "$1/old" old >"$1/old.env" || echo "!! the second Samba domain did not start" >&2
    tests/servers/slapd start "$1/slapd" >"$1/slapd.env" || echo "!! OpenLDAP did not start" >&2
}

stop_servers() {
    tests/servers/samba-dc stop "$1/samba" || true
    tests/servers/samba-dc stop "$1/old" || true
    tests/servers/slapd stop "$1/slapd" || true
}
