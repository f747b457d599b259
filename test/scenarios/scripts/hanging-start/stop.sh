#!/bin/sh
# Says that it was asked to undo the start.
armlog "stop $ARMS_EVENT"
