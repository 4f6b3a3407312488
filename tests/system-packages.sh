#!/bin/bash
# Make sure that system programs are there: arguments are command:debian-package pairs.
# Installs them only where that is possible (root, apt-get); otherwise says what is missing.
set -euo pipefail

missing=()
for pair in "$@"; do
    command -v "${pair%%:*}" > /dev/null || missing+=("${pair##*:}")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null; then
    echo "· installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
    exit 0
fi
echo "Missing system packages: ${missing[*]}. Install them (for example: sudo apt-get install ${missing[*]}) and try again." >&2
exit 1
