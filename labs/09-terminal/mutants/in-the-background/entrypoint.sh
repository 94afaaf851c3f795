#!/bin/bash
# Wrong: no session of its own any more, but `&` gives the app /dev/null to read.
/app &
trap "kill $!" TERM
wait $!
wait $!
