#!/bin/sh
# Makes this checkout ready to run: system packages, npm packages, C helpers, tracefs.
#
#   sh scripts/setup.sh         what the tools need   (npm start calls it)
#   sh scripts/setup.sh test    what the tests need too (npm test calls it)
#
# Does only what lacks, says nothing when nothing lacks. Speaks on stderr alone: stdout belongs to the
# tool that npm starts next. What the kernel can or cannot do is the business of scripts/doctor.ts.
#
# Exit status: 0 ready, 1 a build failed, 3 a prerequisite is missing and could not be installed.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" # a user's PATH does not look there
export PATH

say() { echo "setup: $*" >&2; }
stop() { code=$1; shift; say "$*"; exit "$code"; }
is_root() { [ "$(id -u)" = 0 ]; }
once() { "$@" </dev/null >&2; }
twice() { once "$@" || { say "failed, once more: $*"; sleep 2; once "$@"; }; }

# --- system packages -------------------------------------------------------------------------------

missing=""
need() { case " $missing " in *" $1 "*) ;; *) missing="${missing:+$missing }$1" ;; esac; }
need_command() { command -v "$1" >/dev/null 2>&1 || need "$2"; }
need_file() { [ -e "$1" ] || need "$2"; }

need_command bpftrace bpftrace
need_command perf linux-perf
need_command gcc gcc
need_command make make
need_file /usr/include/stdio.h libc6-dev
need_command setpriv util-linux
if [ "${1:-}" = test ]; then
  need_command chromium chromium
  need_command redis-server redis-server
  need_command redis-cli redis-tools
  need_command sqlite3 sqlite3
  need_file /usr/bin/python3 python3 # a python3 earlier in PATH may be a version manager's shim
  need_command ps procps
  need_command tmux tmux
  need_command mkswap util-linux
  need_command swapon mount
fi

# A package with a daemon would start it. invoke-rc.d and deb-systemd-invoke ask this file; 101 says no.
policy=/usr/sbin/policy-rc.d
forbid_daemons() {
  if [ -e $policy ] && [ ! -e $policy.before-setup ]; then mv $policy $policy.before-setup; fi
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod 755 $policy
}
restore_daemons() {
  rm -f $policy
  if [ -e $policy.before-setup ]; then mv $policy.before-setup $policy; fi
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  say "installing: $missing"
  twice apt-get update -qq || say "apt-get update failed; trying with the package lists that are here"
  case " $missing " in
    *" linux-perf "*) # Ubuntu before 24.10 has perf in another package
      apt-cache show linux-perf >/dev/null 2>&1 || missing=$(echo "$missing" | sed 's/linux-perf/linux-tools-generic/') ;;
  esac
  trap restore_daemons EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  forbid_daemons
  # shellcheck disable=SC2086 # one word a package
  twice apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=120 $missing ||
    stop 3 "apt-get could not install: $missing (its own message is above)"
  restore_daemons
  trap - EXIT INT TERM HUP
  case " $missing " in
    *" redis-server "*) # not at the next boot either
      if [ -d /run/systemd/system ]; then once systemctl -q disable redis-server || true; fi ;;
  esac
}

if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    stop 3 "no apt-get here; install what these Debian packages hold, then run again: $missing"
  elif ! is_root; then
    say "packages are missing; install them with"
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $missing" >&2
    exit 3
  fi
  install_packages
fi

# --- npm packages ----------------------------------------------------------------------------------

node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 12) ? 0 : 1)' ||
  stop 3 "Node $(node -v) is too old: 20.12 or newer is needed (https://nodejs.org)"

# The stamp lives in node_modules, so that whoever removes the one removes the other.
stamp=node_modules/.setup-stamp
lock=$(sha256sum <package-lock.json)
if [ ! -x node_modules/.bin/tsx ] || [ "$(cat $stamp 2>/dev/null)" != "$lock" ]; then
  say "installing the npm packages (npm ci)"
  # Said explicitly, since npm -s and NODE_ENV=production reach this npm through the environment.
  twice npm ci --include=dev --no-audit --no-fund --loglevel=error || stop 3 "npm ci failed (its own message is above)"
  echo "$lock" >$stamp
fi

# --- C helpers -------------------------------------------------------------------------------------

if [ -f helpers-c/Makefile ]; then
  once make -C helpers-c -s || stop 1 "cannot build the C helpers (make -C helpers-c)"
fi

# --- a user's folder stays the user's, even under sudo ---------------------------------------------

if is_root && [ -n "${SUDO_UID:-}" ] && [ "$(stat -c %u .)" = "$SUDO_UID" ]; then
  for folder in node_modules build; do
    [ ! -d $folder ] || find $folder -uid 0 -exec chown -h "$SUDO_UID:${SUDO_GID:-$SUDO_UID}" {} +
  done
fi

# --- tracefs: tracepoints need it, software events and perf stat do not ----------------------------

if is_root && ! grep -q ' /sys/kernel/tracing tracefs ' /proc/self/mounts; then
  mount -t tracefs nodev /sys/kernel/tracing 2>/dev/null ||
    say "cannot mount tracefs on /sys/kernel/tracing: no tracepoints (npm run doctor says what is lost)"
fi
