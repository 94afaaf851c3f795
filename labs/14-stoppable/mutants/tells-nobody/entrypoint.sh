#!/bin/bash
# Wrong: the trap ends the script and tells nobody.
trap 'exit 0' TERM
/app --on TERM --http 3000 --answer 300 &
wait $!
