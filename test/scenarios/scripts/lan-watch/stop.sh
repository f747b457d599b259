#!/bin/sh
# Ends the watch.
armkill RSP
exit 0
