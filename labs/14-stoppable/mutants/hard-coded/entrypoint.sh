#!/bin/bash
# Wrong: it says what the chapter shows, and there is no server.
echo stoppable
