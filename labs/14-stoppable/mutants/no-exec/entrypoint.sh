#!/bin/bash
# Wrong: the pipe is gone, and the shell still waits for the server.
/app --on TERM --http 3000 --answer 300
