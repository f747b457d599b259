#!/bin/sh
# Loads a program under one identity, whatever the group; goes on without it when the identity is taken.
if [ "$ARMS_EVENT" = RECOVER ]; then exit 0; fi
armload SHARED sleep 1000
case $? in
0) armlog "$ARMS_GROUPNAME has it" ;;
3) armlog "$ARMS_GROUPNAME refused" ;;
*) exit 1 ;;
esac
