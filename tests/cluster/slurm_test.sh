#!/usr/bin/env bash
# Debian's Slurm on one node: install, start, run a sweep with one job a cell, stop. Wants root (a container's is enough).
# Usage: tests/cluster/slurm_test.sh PYTHON
set -euo pipefail
python=$(realpath -s "${1:?usage: slurm_test.sh PYTHON}")
cd "$(dirname "$0")/../.."
if [ "$(id -u)" != 0 ]; then echo "slurm: skipped, wants root"; exit 0; fi
if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq slurmctld slurmd slurm-client munge >/dev/null
fi
home=$(mktemp -d /tmp/echoblock-slurm-XXXXXX)
export SLURM_CONF=$home/slurm.conf
cores=$(nproc)
cat > "$SLURM_CONF" <<CONF
ClusterName=echoblock
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$home/munge.socket
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MpiDefault=none
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/slurmd.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=$(hostname -s) NodeAddr=127.0.0.1 CPUs=$cores State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
mkdir -p "$home/state" "$home/spool"
dd if=/dev/urandom of="$home/munge.key" bs=1024 count=1 status=none
chmod 400 "$home/munge.key"; chmod 711 "$home"
munged --force --key-file="$home/munge.key" --socket="$home/munge.socket" --pid-file="$home/munged.pid" \
    --log-file="$home/munged.log" --seed-file="$home/munged.seed"
stop() {
    for name in slurmd slurmctld munged; do
        if [ -s "$home/$name.pid" ]; then kill "$(cat "$home/$name.pid")" 2>/dev/null || true; fi
    done
    sleep 1
    rm -rf "$home"
}
trap stop EXIT
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF"
for _ in $(seq 60); do sinfo -h -o %T 2>/dev/null | grep -q idle && break; sleep 1; done
sinfo
"$python" -m testbed sweep -m hydra/launcher=submitit_slurm \
    hydra.launcher.cpus_per_task=1 hydra.launcher.timeout_min=20 hydra.launcher.array_parallelism="$cores" \
    clock.jitter_s=1e-4,1e-3,1e-2 seeds=4 workers=1 out="$home/out" \
    scene=grid-v1 scene.blocks_x=2 scene.blocks_y=2 layout=grid layout.count=4 duration_s=15 rate_hz=8000 \
    schedule=rates schedule.gunshots=1 schedule.fireworks=0 schedule.backfires=0
"$python" -m testbed collect results="$home/out"
scenes=$("$python" -c "import polars, sys; print(polars.read_parquet(sys.argv[1]).filter(status='ok').height)" "$home/out/scenes.parquet")
[ "$scenes" = 12 ] || { echo "slurm: $scenes of 12 scenes"; exit 1; }
echo "slurm: 3 jobs of one array, 12 scenes gathered"
