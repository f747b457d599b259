#!/bin/sh
# Has nothing to stop.
exit 0
