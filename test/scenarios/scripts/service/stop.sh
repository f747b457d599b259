#!/bin/sh
# Says whether the service was there still, then ends it through its watch.
export FAKE_STATE="$KAGE_RUN_DIR/services" PATH="$(dirname "$0"):$PATH"
if systemctl is-active -- stubborn; then armlog "stop found it alive"; else armlog "stop found it gone"; fi
armkill SVC && armlog "service stopped"
