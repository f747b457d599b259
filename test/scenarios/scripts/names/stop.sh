#!/bin/sh
# Ends what was loaded.
armkill SHARED
