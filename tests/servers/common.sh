# What both servers' scripts share. Sourced, not run.

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

# Installs packages without letting them start services of their own.
install_packages() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "missing, and only root on Debian or Ubuntu could install it: $*"
  local policy=/usr/sbin/policy-rc.d own_policy=
  if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; own_policy=1; fi
  { apt-get -q update || { sleep 10; apt-get -q update; }
    DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -y install --no-install-recommends "$@"; } >&2
  [ -z "$own_policy" ] || rm -f "$policy"
}

port_is_free() { ! (exec 3<>"/dev/tcp/${2:-127.0.0.1}/$1") 2>/dev/null; } # port [address]

# When a process started, in ticks since boot: with it a number that went to somebody else is told apart.
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# Writes down a process of ours: number and start.
remember() { echo "$1 $(started "$1")" >"$2"; } # pid file

is_running() { # file
  local pid=0 start=
  read -r pid start 2>/dev/null <"$1" && [ -n "$start" ] && [ "$(started "$pid")" = "$start" ]
}

# Ends the process that was written down, if it is still the same.
end_own() { # file
  local pid start tries
  if is_running "$1"; then
    read -r pid start <"$1"
    kill "$pid"
    for tries in $(seq 100); do is_running "$1" || break; sleep 0.1; done
  fi
  rm -f "$1"
}
