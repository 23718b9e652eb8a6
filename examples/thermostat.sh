#!/bin/sh
# A thermostat: applies the settings wanted on the page, and tells the room's
# temperature. Only `nameplate` and a shell; NAMEPLATE_SOCKET says where the
# agent is, if not at its usual place.
set -eu
wanted=$(mktemp) && echo 21 >"$wanted"
trap 'rm -f "$wanted"; kill 0' EXIT INT TERM

nameplate report target=21 mode=heat display=true temperature=19.0
nameplate watch | while read -r key _ value; do
    [ "$key" != target ] || echo "$value" >"$wanted" # the hardware would do it
    nameplate report "$key=$value"                   # and now it is so
done &

tenths=190
while sleep "${THERMOSTAT_PAUSE_S:-5}"; do
    goal=$(awk '{ print int($1 * 10) }' "$wanted")
    [ $tenths -ge "$goal" ] || tenths=$((tenths + 2))
    [ $tenths -le "$goal" ] || tenths=$((tenths - 1))
    now=$((tenths / 10)).$((tenths % 10))
    nameplate report "temperature=$now"
    nameplate emit climate "{\"temperature\":$now}"
done
