#!/bin/sh
# Says which event it is asked to undo.
armlog "stop $ARMS_EVENT"
