#!/bin/bash
# A Slurm of one node, this machine, from Debian's packages: to try EXECUTOR=slurm without a cluster.
# Nothing calls it. It wants root, and changes the system:
#
#   tests/cluster/slurm_on_one_node.sh --yes-write-etc   install, write /etc/slurm, start munged, slurmctld, slurmd
#   tests/cluster/slurm_on_one_node.sh --remove          cancel all jobs, stop them, delete what it wrote
#
# No database of jobs (so no sacct), no limits enforced on memory, one partition. GPUs are offered
# to jobs where /dev/nvidia0 and so on exist (book/status.md).
set -euo pipefail

CONF=/etc/slurm/slurm.conf
GRES=/etc/slurm/gres.conf
STATE=/var/lib/slurm_on_one_node
MARK="# written by tests/cluster/slurm_on_one_node.sh"
PACKAGES="slurmctld slurmd slurm-client munge"

fail() { echo "error: $*" >&2; exit 1; }
ours() { [ -e "$1" ] && head -n 1 "$1" | grep -qxF "$MARK"; }

stop() { # a daemon that this script started: its name, the file with its process id
  local pid
  pid=$(cat "$2" 2>/dev/null) || return 0
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] || return 0
  kill "$pid"
  for _ in $(seq 100); do [ -e "/proc/$pid" ] || { echo "stopped $1 (process $pid)"; return 0; }; sleep 0.1; done
  fail "$1 (process $pid) does not stop; look at $STATE/$1.log"
}

start() {
  for file in "$CONF" "$GRES"; do
    [ ! -e "$file" ] || ours "$file" || fail "$file exists and is not of this script: this machine has a Slurm already"
  done
  [ ! -e "$CONF" ] || fail "$CONF is there already; first: $0 --remove"
  command -v apt-get >/dev/null || fail "no apt-get here: this script knows Debian and Ubuntu only"

  apt-get update -qq
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $PACKAGES >/dev/null

  local node gpus=() gres=""
  node=$(hostname -s)
  for device in /dev/nvidia[0-9]*; do [ -e "$device" ] && gpus+=("$device"); done
  mkdir -p /etc/slurm "$STATE"
  if [ ${#gpus[@]} -gt 0 ]; then
    gres="Gres=gpu:${#gpus[@]}"
    { echo "$MARK"; printf 'Name=gpu File=%s\n' "${gpus[@]}"; } >"$GRES"
  fi
  cat >"$CONF" <<END
$MARK
ClusterName=one
SlurmctldHost=$node(127.0.0.1)
AuthType=auth/munge
SlurmUser=root
SlurmdUser=root
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.pid
SlurmctldLogFile=$STATE/slurmctld.log
SlurmdLogFile=$STATE/slurmd.log
StateSaveLocation=$STATE/state
SlurmdSpoolDir=$STATE/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
MpiDefault=none
ReturnToService=2
${gres:+GresTypes=gpu}
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(awk '/^MemTotal/ {print int(0.9 * $2 / 1024)}' /proc/meminfo) $gres State=UNKNOWN
PartitionName=main Nodes=$node Default=YES MaxTime=INFINITE State=UP
END
  mkdir -p "$STATE/state" "$STATE/spool"

  if ! pgrep -x munged >/dev/null; then
    mkdir -p /run/munge
    chown munge:munge /run/munge
    runuser -u munge -- munged --pid-file=/run/munge/slurm_on_one_node.pid
  fi
  slurmctld
  slurmd
  for _ in $(seq 100); do [ "$(sinfo -h -o %T 2>/dev/null)" = idle ] && break; sleep 0.1; done
  [ "$(sinfo -h -o %T)" = idle ] || fail "the node is not ready; look at $STATE/*.log, then $0 --remove"

  echo "installed  $PACKAGES ($(sinfo --version))"
  echo "wrote      $CONF${gres:+, $GRES}, $STATE"
  echo "started    munged, slurmctld, slurmd (logs in $STATE)"
  echo "           $(sinfo -h -o 'partition %P: %D node, %c CPUs, %m MB, GPUs %G')"
  echo "to remove  $0 --remove"
}

remove() {
  ours "$CONF" || fail "no $CONF of this script: nothing to remove"
  timeout 20 scancel --full --user="$(id -un)" 2>/dev/null || true
  for _ in $(seq 200); do [ -z "$(timeout 5 squeue -h 2>/dev/null)" ] && break; sleep 0.1; done
  stop slurmd "$STATE/slurmd.pid"
  stop slurmctld "$STATE/slurmctld.pid"
  stop munged /run/munge/slurm_on_one_node.pid
  rm -rf "$STATE" "$CONF"
  ! ours "$GRES" || rm "$GRES"
  rmdir --ignore-fail-on-non-empty /etc/slurm
  echo "deleted    $CONF, $STATE"
  echo "the packages stay; without them: apt-get purge $PACKAGES && apt-get autoremove"
}

case "${1:-}" in
  --yes-write-etc | --remove) [ "$(id -u)" = 0 ] || fail "only root can do this; try: sudo $0 $1" ;;&
  --yes-write-etc) start ;;
  --remove) remove ;;
  *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
