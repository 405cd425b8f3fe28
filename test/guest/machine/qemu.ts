/** What the emulated machine consists of. */
export interface Machine {
  image: string;
  initramfs: string;
  memoryMb: number;
  /** Shared among the two nodes; of one the second node has memory alone. */
  cpus: number;
  /** Directory that the guest mounts writable. */
  share: string;
  /** Raw images: /dev/vda, vdb, ... */
  disks: readonly string[];
  /** File for all that the kernel and start.sh say. */
  console: string;
}

/**
 * norandmaps: programs at fixed addresses, so that QEMU's translations of them serve the next process
 * too. no_timer_check: that check fails by chance under emulation. panic=-1 with -no-reboot: a panic
 * ends QEMU at once.
 */
const PARAMETERS = "console=ttyS0 quiet panic=-1 norandmaps no_timer_check";

/** Arguments of qemu-system-x86_64: two NUMA nodes, the host's / read-only, the command's output on stdio. */
export function qemuArguments(machine: Machine): string[] {
  const { memoryMb, cpus } = machine;
  const firstMb = Math.ceil(memoryMb / 2);
  const firstCpus = Math.ceil(cpus / 2);
  const nodes = [
    { size: firstMb, cpus: range(0, firstCpus - 1) },
    { size: memoryMb - firstMb, cpus: cpus > 1 ? range(firstCpus, cpus - 1) : null },
  ];
  return [
    ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none"],
    ...["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", String(cpus), "-m", `${memoryMb}M`],
    ...nodes.flatMap((node, i) => [
      ...["-object", `memory-backend-ram,id=m${i},size=${node.size}M`],
      ...["-numa", `node,nodeid=${i},memdev=m${i}${node.cpus === null ? "" : `,cpus=${node.cpus}`}`],
    ]),
    ...["-kernel", machine.image, "-initrd", machine.initramfs, "-append", PARAMETERS],
    ...["-chardev", `file,id=console,path=${quoted(machine.console)}`, "-serial", "chardev:console"],
    ...["-chardev", "stdio,id=command,signal=off", "-serial", "chardev:command"],
    ...shared("host", "/", ",readonly=on"),
    ...shared("share", machine.share, ""),
    ...machine.disks.flatMap((file) => ["-drive", `file=${quoted(file)},if=virtio,format=raw,cache=unsafe`]),
  ];
}

const shared = (tag: string, path: string, options: string): string[] => [
  "-fsdev",
  `local,id=${tag},path=${quoted(path)},security_model=none,multidevs=remap${options}`,
  "-device",
  `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`,
];

const range = (first: number, last: number): string => (first === last ? `${first}` : `${first}-${last}`);

/** A comma ends a value of QEMU's options, two stand for one. */
const quoted = (path: string): string => path.replaceAll(",", ",,");
