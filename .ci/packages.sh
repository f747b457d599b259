#!/usr/bin/env bash
# Installs what the lab and the bench need from Debian, and nothing that is there already (root).
#   socat: serial cable as two real terminals · iproute2, nftables: wires and their cuts
#   mount, util-linux: loop device, namespaces · keepalived, stress-ng, gcc: the bench
#   tcpdump, qemu-utils: a second opinion on frames and on our NBD export
#   mosquitto, its clients, openssl: a broker, readers and a judge of certificates that are not ours · chromium: the dashboard's tests
#   systemd: checks our unit files offline and is booted in namespaces with our units
#   procps: what a test asks inside such a machine
# No service may start on the build machine: policy-rc.d answers 101 while packages are unpacked.
set -euo pipefail

packages=(socat iproute2 nftables util-linux mount tcpdump qemu-utils)
packages+=(keepalived stress-ng gcc libc6-dev)
packages+=(mosquitto mosquitto-clients openssl chromium systemd procps)

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
  [ "$state" = "install ok installed" ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "packages: all there"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "packages: missing ${missing[*]}; run as root: apt-get install ${missing[*]}" >&2
  exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q -y --no-install-recommends install "${missing[@]}"
