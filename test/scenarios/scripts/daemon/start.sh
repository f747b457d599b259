#!/bin/sh
# Forks a daemon, as old services do, and ends; the daemon goes on when its parent has gone.
setsid sh -c 'trap "armlog \"daemon ended\"; exit 0" TERM; while :; do sleep 0.2; done' </dev/null &
armlog "daemon started"
