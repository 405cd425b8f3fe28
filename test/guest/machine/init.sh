#!/bin/busybox sh
# The guest's first program, in the initramfs: reaches the host's / over 9p, puts a writable layer of
# memory over it, and goes on with start.sh there. A step that fails ends it, which is a panic, which
# ends the guest.
set -e
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "/modules/$module"; done </modules/order

mkdir -p /host /layer /root
mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=512000,ro host /host
mount -t tmpfs -o size=50% layer /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work overlay /root

mount -t tmpfs tmpfs /root/run
mkdir /root/run/guest /root/run/guest/share /root/run/guest/disk
cp /start.sh /bin/busybox /root/run/guest/
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 share /root/run/guest/share
umount /proc
mount --move /dev /root/dev
exec switch_root /root /run/guest/start.sh
