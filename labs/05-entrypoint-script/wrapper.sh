#!/usr/bin/env bash
# The server as a child: SIGUSR1 is for this script, SIGTERM stops both.

my_handler() {
    echo "my_handler"
}

term_handler() {
    kill -TERM "$server"
    wait "$server"
    exit 143 # 128 + 15, SIGTERM
}

# ${!} is the process started last: tail. Whichever signal comes, tail has to go.
trap 'kill ${!}; my_handler' USR1
trap 'kill ${!}; term_handler' TERM

"$@" &
server=$!

while true; do
    tail -f /dev/null & wait ${!}
done
