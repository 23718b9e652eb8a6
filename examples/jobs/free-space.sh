#!/bin/sh
# free-space.sh USER MEGABYTES [FOLDER]: a handler for jobs (docs/jobs.md) that
# fails when a disk has less than so much room; a first step before what needs
# it.
set -eu
needed=$2
folder=${3:-/}
free=$(df -Pm "$folder" | awk 'NR == 2 { print $4 }')
echo "free-space: $free MB free in $folder, $needed needed" >&2
[ "$free" -ge "$needed" ]
