#!/usr/bin/env bash
# Slurm test cluster on one host for the GPU-support part of Madang: munged, MariaDB, slurmdbd,
# slurmctld, N slurmd with fake H100s and slurmrestd with JWT. No systemd, no cgroups, no real
# GPU; it tests metering and limits, not device isolation. Everything it writes is under ROOT.
#
#   up.sh ROOT [NODES=4] [GPUS_PER_NODE=8]     start (cold 3 to 11 s, warm 2 to 3 s)
#   down.sh ROOT                               stop; rm -rf ROOT afterwards for a cold start
#
# Run as root, on Debian 12 (Slurm 22.05), with the packages
#   slurm-wlm slurmdbd slurmrestd slurm-client slurm-wlm-basic-plugins slurm-wlm-jwt-plugin
#   munge mariadb-server curl
# ROOT: a short path that the users munge, mysql, slurm and daemon can enter (not in a home directory).
# Ports on loopback: PORT_BASE (17800) +17 slurmctld, +19 slurmdbd, +20 slurmrestd, +100+n slurmd n.
# First job:
#   . ROOT/env.sh; sbatch --gres=gpu:2 -t 1 -o /dev/null --wrap 'sleep 3'
#   sacct -a -D -X -P -S now-1hours -E now --format=JobIDRaw,DBIndex,State,Start,End,AllocTRES
set -euo pipefail
[ $# -ge 1 ] && [ $# -le 3 ] || { sed -n '2,16p' "$0" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "up.sh: must run as root" >&2; exit 2; }
mkdir -p "$1"; ROOT=$(cd "$1" && pwd -P); N=${2:-4}; G=${3:-8}; B=${PORT_BASE:-17800}
PATH=$PATH:/usr/sbin:/sbin
HERE=$(cd "$(dirname "$0")" && pwd -P); HOST=$(hostname -s)
[ ${#ROOT} -le 70 ] || { echo "up.sh: ROOT too long for socket names: $ROOT" >&2; exit 2; }
case $ROOT in *[!A-Za-z0-9/._-]*) echo "up.sh: odd characters in ROOT: $ROOT" >&2; exit 2;; esac
for c in munged mariadbd mariadb-install-db slurmdbd slurmctld slurmd slurmrestd curl setpriv; do
  command -v $c >/dev/null || { echo "up.sh: not installed: $c" >&2; exit 2; }
done
for p in "$ROOT"/pid/*.pid "$ROOT"/mysqlrun/mysqld.pid "$ROOT"/mungerun/munged.pid; do
  [ -s "$p" ] || continue
  if grep -qsF -- "$ROOT/" "/proc/$(cat "$p")/environ" "/proc/$(cat "$p")/cmdline"; then
    echo "up.sh: already running ($p); run down.sh first" >&2; exit 2; fi
done
T0=${EPOCHREALTIME/./}
lap(){ local d=$(( (${EPOCHREALTIME/./}-T0)/10000 )); printf '%-22s %3d.%02d s\n' "$1" $((d/100)) $((d%100)); }
ok=0; trap '[ $ok = 1 ] || { echo "up.sh: failed, stopping; logs are in $ROOT/log and $ROOT/mungelog" >&2; "$HERE/down.sh" "$ROOT" || true; }' EXIT
wait_for(){ # label, tries of 0.1 s, command
  local what=$1 n=$2 i; shift 2
  for ((i=0; i<n; i++)); do "$@" >/dev/null 2>&1 && { lap "$what"; return 0; }; sleep 0.1; done
  echo "up.sh: no answer: $what" >&2; return 1
}
as(){ local u=$1; shift; setpriv --reuid="$u" --regid="$(id -gn "$u")" --clear-groups -- "$@"; }

mkdir -p "$ROOT"/{etc,log,pid,state,spool,mysql,mysqlrun,munge,mungerun,mungelog,dev}
chmod 755 "$ROOT" "$ROOT"/{etc,log,pid,dev,state,mungerun}
for u in munge mysql slurm daemon; do
  as $u test -x "$ROOT" || { echo "up.sh: user $u cannot enter $ROOT" >&2; exit 2; }
done

# Fake GPU nodes. Character devices: with plain files jobs are accounted too, but slurmd logs an
# error for each and sets no CUDA_VISIBLE_DEVICES.
for ((n=1; n<=N; n++)); do
  mkdir -p "$ROOT/dev/n$n"
  for ((g=0; g<G; g++)); do [ -e "$ROOT/dev/n$n/nvidia$g" ] || mknod "$ROOT/dev/n$n/nvidia$g" c 195 $g; done
done

# munge, own socket
SOCK=$ROOT/mungerun/munge.sock
[ -s "$ROOT/munge/munge.key" ] || head -c 128 /dev/urandom >"$ROOT/munge/munge.key"
chown -R munge:munge "$ROOT"/{munge,mungerun,mungelog}
chmod 700 "$ROOT"/{munge,mungelog}; chmod 400 "$ROOT/munge/munge.key"
as munge munged --force --key-file="$ROOT/munge/munge.key" --socket="$SOCK" \
  --pid-file="$ROOT/mungerun/munged.pid" --log-file="$ROOT/mungelog/munged.log" \
  --seed-file="$ROOT/mungelog/munged.seed" 2>"$ROOT/log/munged.start.log"
lap munged

# MariaDB, own data directory, socket only
chown -R mysql:mysql "$ROOT"/{mysql,mysqlrun}
SQL=$ROOT/mysqlrun/mysql.sock
if [ ! -d "$ROOT/mysql/mysql" ]; then
  mariadb-install-db --no-defaults --user=mysql --datadir="$ROOT/mysql" \
    --auth-root-authentication-method=socket --skip-test-db >"$ROOT/log/mysql_install.log" 2>&1
  lap mariadb-install-db
fi
cat >"$ROOT/etc/my.cnf" <<E
[mysqld]
datadir=$ROOT/mysql
socket=$SQL
pid-file=$ROOT/mysqlrun/mysqld.pid
skip-networking
innodb_buffer_pool_size=256M
innodb_log_file_size=64M
innodb_lock_wait_timeout=900
innodb_flush_log_at_trx_commit=2
E
setsid mariadbd --defaults-file="$ROOT/etc/my.cnf" --user=mysql </dev/null >"$ROOT/log/mysqld.log" 2>&1 &
wait_for mariadbd 200 mariadb --no-defaults --socket="$SQL" -e 'select 1'
mariadb --no-defaults --socket="$SQL" -e "create database if not exists slurm_acct_db;
  create user if not exists slurm@localhost identified by 'slurm';
  grant all on slurm_acct_db.* to slurm@localhost;"

# Configuration
[ -s "$ROOT/state/jwt.key" ] || head -c 32 /dev/urandom >"$ROOT/state/jwt.key"
cat >"$ROOT/etc/slurmdbd.conf" <<E
AuthType=auth/munge
AuthInfo=socket=$SOCK
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=$ROOT/state/jwt.key
DbdHost=localhost
DbdPort=$((B+19))
SlurmUser=slurm
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
LogFile=$ROOT/log/slurmdbd.log
PidFile=$ROOT/pid/slurmdbd.pid
DebugLevel=info
E
if [ "$N" = 1 ]; then NODES=n1; else NODES="n[1-$N]"; fi
cat >"$ROOT/etc/slurm.conf" <<E
ClusterName=madang
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=slurm
SlurmdUser=root
SlurmctldPort=$((B+17))
AuthType=auth/munge
AuthInfo=socket=$SOCK
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key=$ROOT/state/jwt.key
StateSaveLocation=$ROOT/state
SlurmdSpoolDir=$ROOT/spool/%n
SlurmctldPidFile=$ROOT/pid/slurmctld.pid
SlurmdPidFile=$ROOT/pid/slurmd-%n.pid
SlurmctldLogFile=$ROOT/log/slurmctld.log
SlurmdLogFile=$ROOT/log/slurmd-%n.log
# no cgroups
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=5
# one host plays all nodes
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=30
SlurmctldTimeout=30
InactiveLimit=0
KillWait=2
MinJobAge=300
MaxJobCount=100000
MaxArraySize=20001
# scheduling
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=5,batch_sched_delay=1,sched_min_interval=100000,defer,bf_max_job_test=1000
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
GresTypes=gpu
PriorityType=priority/multifactor
PriorityDecayHalfLife=0
PriorityUsageResetPeriod=NONE
PriorityCalcPeriod=00:01:00
PriorityWeightFairshare=10000
PriorityWeightAge=1000
PriorityWeightQOS=10000
PreemptType=preempt/qos
PreemptMode=REQUEUE
PreemptExemptTime=0
# accounting
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort=$((B+19))
# persistent connections to slurmdbd take the munge socket from here, not from AuthInfo
AccountingStoragePass=$SOCK
AccountingStorageTRES=gres/gpu,gres/gpu:h100
AccountingStorageEnforce=associations,limits,qos,safe
AccountingStoreFlags=job_comment,job_env,job_script
E
: >"$ROOT/etc/gres.conf"
for ((n=1; n<=N; n++)); do
  echo "NodeName=n$n NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((B+100+n)) CPUs=64 Boards=1 SocketsPerBoard=2 CoresPerSocket=32 ThreadsPerCore=1 RealMemory=20000 Gres=gpu:h100:$G State=UNKNOWN" >>"$ROOT/etc/slurm.conf"
  if [ "$G" = 1 ]; then F=nvidia0; else F="nvidia[0-$((G-1))]"; fi
  echo "NodeName=n$n Name=gpu Type=h100 File=$ROOT/dev/n$n/$F Flags=nvidia_gpu_env" >>"$ROOT/etc/gres.conf"
  mkdir -p "$ROOT/spool/n$n"
done
echo "PartitionName=gpu Nodes=$NODES Default=YES MaxTime=INFINITE DefaultTime=00:10:00 State=UP OverSubscribe=NO" >>"$ROOT/etc/slurm.conf"
echo "ConstrainDevices=no" >"$ROOT/etc/cgroup.conf"
# the third book: every node notes when a job came and when it had gone
mkdir -p "$ROOT/records/logs"; chmod 755 "$ROOT/records"; chmod 1777 "$ROOT/records/logs"
cat >"$ROOT/etc/node-record" <<E
#!/bin/sh
echo "\$(date +%s) \$SLURM_SCRIPT_CONTEXT \$SLURM_JOB_ID \$SLURMD_NODENAME" >>"$ROOT/records/\$SLURMD_NODENAME.log"
E
chmod 755 "$ROOT/etc/node-record"
cat >>"$ROOT/etc/slurm.conf" <<E
Prolog=$ROOT/etc/node-record
Epilog=$ROOT/etc/node-record
PrologFlags=Alloc
E
cat >"$ROOT/env.sh" <<E
export SLURM_CONF=$ROOT/etc/slurm.conf
export SLURM_REST_URL=http://127.0.0.1:$((B+20))
E
touch "$ROOT"/log/{slurmctld,slurmdbd}.log
chown -R slurm:slurm "$ROOT"/{state,log,pid}; chown slurm:slurm "$ROOT/etc/slurmdbd.conf"
chmod 600 "$ROOT/state/jwt.key" "$ROOT/etc/slurmdbd.conf"
export SLURM_CONF=$ROOT/etc/slurm.conf

# Daemons, in this order. Every client call has a timeout: with munge mis-set each one retries.
MYSQL_UNIX_PORT=$SQL slurmdbd
wait_for slurmdbd 150 timeout 3 sacctmgr -n show cluster
# slurmctld refuses to start before its cluster is registered
timeout 30 sacctmgr -n -P show cluster format=cluster | grep -qx madang ||
  timeout 30 sacctmgr -i add cluster madang >/dev/null
lap "cluster registered"
slurmctld
ctld_up(){ timeout 3 scontrol ping | grep -q 'is UP'; }
wait_for slurmctld 150 ctld_up
for ((n=1; n<=N; n++)); do slurmd -N "n$n"; done
nodes_up(){ [ "$(timeout 3 sinfo -h -o %T -N | grep -cE '^(idle|mixed|allocated)$')" = "$N" ]; }
wait_for "$N x slurmd" 300 nodes_up
# slurmrestd must run neither as root nor as SlurmUser
setpriv --reuid=daemon --regid=daemon --clear-groups -- setsid env SLURM_CONF="$SLURM_CONF" SLURM_JWT=daemon \
  slurmrestd -a rest_auth/jwt -s openapi/v0.0.38,openapi/dbv0.0.38 "127.0.0.1:$((B+20))" </dev/null >"$ROOT/log/slurmrestd.log" 2>&1 &
echo $! >"$ROOT/pid/slurmrestd.pid"
TOKEN=$(timeout 5 scontrol token username=root lifespan=600); TOKEN=${TOKEN#*=}
rest_up(){ curl -sf -m 2 -H "X-SLURM-USER-NAME: root" -H "X-SLURM-USER-TOKEN: $TOKEN" "http://127.0.0.1:$((B+20))/slurm/v0.0.38/ping"; }
wait_for slurmrestd 100 rest_up
ok=1
echo "up: $N nodes x $G GPUs; . $ROOT/env.sh"
