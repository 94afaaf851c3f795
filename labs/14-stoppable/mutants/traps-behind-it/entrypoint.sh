#!/bin/bash
# Wrong: the trap is there, and the shell does not look at it before the server ends.
trap 'kill -TERM $!' TERM
/app --on TERM --http 3000 --answer 300
