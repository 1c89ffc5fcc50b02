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
}

# Where cargo puts what it builds.
target_folder() {
    cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/'
}
