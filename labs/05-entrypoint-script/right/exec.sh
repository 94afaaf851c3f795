#!/usr/bin/env bash
# exec.sh COMMAND [ARGUMENT]...: prepares, then becomes COMMAND.
set -eu

echo "exec.sh: preparing"
exec "$@"
