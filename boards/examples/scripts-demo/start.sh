#!/bin/sh
# Start script to try out: npm start -- --script web:boards/examples/scripts-demo
# Its "business" is a program that every machine has; ../scripts is the pair for a real service.
# ARMS_EVENT and ARMS_SERVER as explained there.
armlog "$ARMS_EVENT on $ARMS_SERVER"

# RECOVER: this server has returned, nothing is activated on it.
if [ "$ARMS_EVENT" = RECOVER ]; then exit 0; fi

# Killed, it is started again; after three times within an hour the group fails over.
armload BUSINESS /R 3 /H 1 /FOV sleep 1000000
