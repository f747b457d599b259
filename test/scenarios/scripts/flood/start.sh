#!/bin/sh
# Prints 64 MB, then looks until its own log file is below its limit of 1 MiB again.
head -c 67108864 /dev/zero | tr '\0' 'x'
log=$(readlink "/proc/$$/fd/1")
i=0
while [ "$(wc -c <"$log")" -gt 1048576 ] && [ "$i" -lt 100 ]; do
  i=$((i + 1))
  sleep 0.1
done
kept=$(cat "$log" "$log.1" | wc -c)
[ "$kept" -le 2097152 ] && armlog "output bounded"
