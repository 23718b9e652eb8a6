#!/usr/bin/env bash
# A thermostat: applies the settings wanted on the page, and tells the room's
# temperature. Only `nameplate` and bash; NAMEPLATE_SOCKET says where the agent
# is, if not at its usual place.
target=21 room=190 # the room is simulated, in tenths of a degree
nameplate report "target=$target" mode=heat display=true temperature=19.0 || exit
exec 3< <(exec nameplate watch) # "KEY = VALUE" for each setting wanted
trap 'kill $! 2>/dev/null' EXIT
trap exit INT TERM
while true; do
    read -r -t "${THERMOSTAT_PAUSE_S:-5}" -u 3 key _ value
    case $?:$key:$value in
    0:target:*[!0-9.]* | 0:target:) echo "no temperature: $value" >&2 ;;
    0:target:* | 0:mode:off | 0:mode:heat | 0:mode:eco | 0:display:true | 0:display:false)
        [ "$key" != target ] || printf -v goal %.0f "${value}e1"
        nameplate report "$key=$value" ;; # the hardware did it, and so it is
    0:*) ;;         # not a setting of ours
    1:*) exit 69 ;; # the watch has ended
    *)              # nothing was wanted for a while: time to measure
        room=$((room + 2 * (room < ${goal:=210}) - (room > goal)))
        nameplate report "temperature=$((room / 10)).$((room % 10))"
        nameplate emit climate "temperature=$((room / 10)).$((room % 10))" ;;
    esac
done
