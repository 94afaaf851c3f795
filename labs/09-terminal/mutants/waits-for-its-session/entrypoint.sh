#!/bin/bash
# Wrong: `setsid -w` waits as it should, and the app is in a session without a terminal all the same.
setsid -w /app
