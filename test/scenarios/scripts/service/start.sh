#!/bin/sh
# Loads a service of the manager that lies beside this script; after a return it says what is left of it.
export FAKE_STATE="$KAGE_RUN_DIR/services" PATH="$(dirname "$0"):$PATH"
if [ "$ARMS_EVENT" = RECOVER ]; then
  if systemctl is-active -- stubborn; then armlog "service survived"; else armlog "service gone"; fi
  exit 0
fi
armload SVC /S /M stubborn || exit 1
i=0
until systemctl is-active -- stubborn; do
  i=$((i + 1))
  [ "$i" -lt 100 ] || exit 1
  sleep 0.1
done
armlog "service started $ARMS_EVENT"
