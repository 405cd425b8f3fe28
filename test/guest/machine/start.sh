#!/bin/sh
# The guest's second program, in the host's root: mounts what a running system has, runs the command
# of /run/guest/share, says its exit status on the console and turns the guest off.
set -e
guest=/run/guest
terminal=/dev/ttyS1

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo '+memory' >/sys/fs/cgroup/cgroup.subtree_control
mount -t ext4 /dev/vdb $guest/disk
swapon /dev/vda
$guest/busybox ifconfig lo up
$guest/busybox hostname guest
ln -sf /proc/self/fd /dev/fd

if [ -e $guest/share/terminal ]; then
  read -r rows columns <$guest/share/terminal
  exec 3<>$terminal # once nobody has it open it forgets its size
  stty sane -onlcr rows "$rows" cols "$columns" <&3 # QEMU leaves line ends to our terminal
  setsid --ctty --wait sh $guest/share/command <&3 >&3 2>&3 && status=0 || status=$?
else
  # through a pipe: the command sees no terminal, and what it prints arrives unchanged
  stty -F $terminal raw -echo
  { sh $guest/share/command </dev/null 2>&1 && echo 0 >$guest/status || echo $? >$guest/status; } | cat >$terminal
  read -r status <$guest/status
fi

echo "guest: ended with status $status" >/dev/console
sync
echo o >/proc/sysrq-trigger
sleep 60
