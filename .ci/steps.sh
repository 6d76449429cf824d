# Sourced by run and slow: named, timed steps; a failed one does not hide those after it. Written for bash 3.2 (macOS) and later.

failed=()
left_out=()
began=$SECONDS

# step NAME COMMAND…: runs it, prints its time, remembers a failure.
step() {
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  if "$@"; then
    echo "-- $name: ok, $((SECONDS - start)) s"
  else
    echo "-- $name: FAILED, $((SECONDS - start)) s"
    failed+=("$name")
  fi
}

# step_if PATH NAME COMMAND…: as step where PATH (a file, a folder or a pattern) exists; otherwise says that it is left out.
step_if() {
  local path=$1 name=$2
  shift 2
  if compgen -G "$path" >/dev/null; then
    step "$name" "$@"
  else
    leave_out "$name" "there is no $path"
  fi
}

leave_out() {
  echo "== $1: left out, $2"
  left_out+=("$1 ($2)")
}

# summary: the last line says it all; its status is the script's.
summary() {
  local name
  for name in ${left_out[@]+"${left_out[@]}"}; do echo "left out: $name"; done
  for name in ${failed[@]+"${failed[@]}"}; do echo "failed: $name"; done
  echo "$((SECONDS - began)) s in all, ${#failed[@]} failed, ${#left_out[@]} left out"
  [ ${#failed[@]} -eq 0 ]
}

# clients: makes the Python environment of Jupyter's clients, once for each content of clients.txt, and sets $python to its
# interpreter.
clients() {
  local home sum
  sum=$(cksum <.ci/clients.txt | cut -d' ' -f1)
  home=${XDG_CACHE_HOME:-$HOME/.cache}/graft-ci/clients-$sum
  python=$home/bin/python
  [ -f "$home/complete" ] && return 0
  rm -rf "$home"
  python3 -m venv "$home" || return 1
  "$python" -m pip install -q --disable-pip-version-check -r .ci/clients.txt || return 1
  touch "$home/complete"
}

# there PROGRAM: puts a program on the PATH by Debian's package of its name, where we may; says how if it cannot.
there() {
  command -v "$1" >/dev/null && return 0
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    apt-get update -q >/dev/null && apt-get install -y -q --no-install-recommends "$1" >/dev/null && return 0
  fi
  echo "there is no $1 on the PATH: install it (Debian: apt-get install $1)"
  return 1
}
