#!/bin/sh
# Ends the monitor, where one runs.
armkill MONITOR
exit 0
