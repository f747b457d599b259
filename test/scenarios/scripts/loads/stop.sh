#!/bin/sh
# Ends what was loaded.
ARMKILL RSP
armkill APP && armlog "killed $ARMS_EVENT"
