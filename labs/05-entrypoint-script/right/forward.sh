#!/usr/bin/env bash
# forward.sh COMMAND [ARGUMENT]...: runs COMMAND as a child, hands every signal on
# to it, and ends after it, with its status.
set -u
: "${1:?which command?}"

child='' early=() trapped=''

# shellcheck disable=SC2317 # reached from the traps
forward() {
    trapped=$1
    if [[ $child ]]; then
        kill -s "$1" "$child"
    else
        early+=("$1")
    fi
}

# All but the two that nobody can catch, and those that the kernel sends a
# process for its own acts.
for signal in $(compgen -A signal SIG); do
    # shellcheck disable=SC2064 # expanded now: each trap is to know its own signal
    case $signal in
        SIGKILL | SIGSTOP | SIGJUNK*) ;;
        SIGCHLD | SIGPIPE) ;;
        SIGILL | SIGTRAP | SIGBUS | SIGFPE | SIGSEGV | SIGSYS) ;;
        *) trap "forward $signal" "$signal" ;;
    esac
done

# Right after the fork the child has our traps, and loses a signal in them:
# it says when it is ready.
exec {ready}<> <(:)
(trap - INT QUIT; echo >&"$ready"; exec "$@" {ready}>&-) <&0 &
pid=$!
read -r -u "$ready"
exec {ready}>&-

child=$pid
for signal in "${early[@]}"; do
    kill -s "$signal" "$child"
done

# A trap ends `wait` early. The child's own status is the one
# that no trap has come before.
trapped=1
while [[ $trapped ]]; do
    trapped=''
    wait "$child"
    status=$?
done

# The child is gone and PID 1 is still here: this is the place to clean up.
exit "$status"
