#!/bin/bash
# Wrong: the keys reach the app now. SIGTERM reaches the shell, which waits for the app.
/app
