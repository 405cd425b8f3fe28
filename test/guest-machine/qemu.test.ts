import assert from "node:assert/strict";
import { test } from "node:test";
import { type Machine, qemuArguments } from "../guest/machine/qemu.ts";

const machine: Machine = {
  image: "/k/vmlinux",
  initramfs: "/t/initramfs",
  memoryMb: 2048,
  cpus: 2,
  share: "/t/share",
  disks: ["/t/swap.img"],
  console: "/t/console",
};

const valuesOf = (name: string, args: readonly string[]): string[] =>
  args.flatMap((each, i) => (args[i - 1] === name ? [each] : []));

test("memory and CPUs are dealt out to two nodes, an odd one to the first", () => {
  const args = qemuArguments({ ...machine, memoryMb: 3001, cpus: 5 });
  assert.deepEqual(valuesOf("-object", args), [
    "memory-backend-ram,id=m0,size=1501M",
    "memory-backend-ram,id=m1,size=1500M",
  ]);
  assert.deepEqual(valuesOf("-numa", args), [
    "node,nodeid=0,memdev=m0,cpus=0-2",
    "node,nodeid=1,memdev=m1,cpus=3-4",
  ]);
  assert.deepEqual(valuesOf("-m", args), ["3001M"]);
});

test("of one CPU the second node has memory alone", () => {
  const args = qemuArguments({ ...machine, cpus: 1 });
  assert.deepEqual(valuesOf("-numa", args), ["node,nodeid=0,memdev=m0,cpus=0", "node,nodeid=1,memdev=m1"]);
});

test("the host's root is shared read-only", () => {
  const [host, share] = valuesOf("-fsdev", qemuArguments(machine));
  assert.match(host ?? "", /path=\/,.*readonly=on/);
  assert.doesNotMatch(share ?? "", /readonly/);
});

test("a comma in a path does not end it", () => {
  const [, share] = valuesOf("-fsdev", qemuArguments({ ...machine, share: "/a,b" }));
  assert.match(share ?? "", /path=\/a,,b,/);
});
