#!/bin/sh
# A root folder that holds only what a submission may see, and in it one command. Called by sandbox.py within namespaces
# of its own:  sandbox.sh ROOT WORK OURS USER MEGABYTES PATH... -- COMMAND...
#
# ROOT is an empty folder; WORK is copied to /bgood/work, which is kept in memory and forgotten; OURS (as /bgood/ours) and each PATH are read-only.
# USER is the number that the command runs as, or "same".
set -eu
root=$1 work=$2 ours=$3 user=$4 megabytes=$5
shift 5

show() { # SOURCE PLACE: read-only
  if [ -L "$1" ]; then
    mkdir -p "$root$(dirname "$2")"
    [ -e "$root$2" ] || ln -s "$(readlink "$1")" "$root$2"
    return
  fi
  [ -e "$1" ] || return 0
  if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$root$(dirname "$2")" && touch "$root$2"; fi
  mount --bind "$1" "$root$2"
  mount -o remount,bind,ro,nosuid "$root$2" || mount -o remount,bind,ro,nosuid,nodev "$root$2"
}

mount -t tmpfs -o size=4m,mode=755,nosuid none "$root"
mkdir -p "$root/proc" "$root/dev/shm" "$root/tmp" "$root/bgood/work"
for place in tmp dev/shm bgood/work; do
  mount -t tmpfs -o "size=${megabytes}m,mode=1777,nosuid,nodev" none "$root/$place"
done
cp -r "$work/." "$root/bgood/work"
for path in /usr /bin /sbin /lib /lib32 /lib64 /etc/ld.so.cache /etc/fonts /etc/localtime; do show "$path" "$path"; done
while [ "$1" != -- ]; do
  case $1 in /usr/*) ;; *) show "$1" "$1" ;; esac
  shift
done
shift
show "$ours" /bgood/ours
mount -t proc -o nosuid,nodev,noexec none "$root/proc" 2>/dev/null || : # a container may refuse; nothing here needs it
for device in null zero random urandom; do touch "$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"; done

if [ "$user" = same ]; then
  set -- --no-new-privs --inh-caps=-all --bounding-set=-all -- "$@"
else
  chown -R "$user" "$root/bgood/work"
  set -- --reuid="$user" --regid="$user" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all -- "$@"
fi
mount -o remount,bind,ro,nosuid "$root"
exec chroot "$root" /usr/bin/setpriv "$@"
