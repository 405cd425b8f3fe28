import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { readMemoryCgroup } from "../../lib/procfs/memory-cgroup.ts";

const root = mkdtempSync(join(tmpdir(), "memory-cgroup-"));
after(() => rmSync(root, { recursive: true }));
let made = 0;

/** A root directory with these files. */
function tree(files: Record<string, string>): string {
  const top = join(root, String(made++));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
  return top;
}

const V2 = "30 22 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const V1 = `34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
`;

test("v2: the directories from the process's cgroup up to the mount", () => {
  const top = tree({
    "proc/self/mountinfo": V2,
    "proc/7/cgroup": "0::/system.slice/a b.service\n",
    "sys/fs/cgroup/system.slice/a b.service/memory.max": "max\n",
  });
  const cgroup = `${top}/sys/fs/cgroup`;
  assert.deepEqual(readMemoryCgroup(7, top), {
    version: 2,
    directories: [`${cgroup}/system.slice/a b.service`, `${cgroup}/system.slice`, cgroup],
  });
});

test("v1: the memory controller's hierarchy, where it is mounted beside v2", () => {
  const top = tree({
    "proc/self/mountinfo": V1,
    "proc/7/cgroup": "4:memory:/job\n3:cpuset:/\n0::/elsewhere\n",
    "sys/fs/cgroup/memory/job/memory.failcnt": "0\n",
  });
  const cgroup = `${top}/sys/fs/cgroup/memory`;
  assert.deepEqual(readMemoryCgroup(7, top), { version: 1, directories: [`${cgroup}/job`, cgroup] });
});

test("in a container the path begins with what is mounted; a path that leads out of it is the mount", () => {
  const mounted = V2.replace(" / /sys", " /docker/1f /sys");
  const inside = tree({
    "proc/self/mountinfo": mounted,
    "proc/7/cgroup": "0::/docker/1f/app\n",
    "sys/fs/cgroup/app/memory.max": "1\n",
  });
  assert.deepEqual(readMemoryCgroup(7, inside)?.directories, [
    `${inside}/sys/fs/cgroup/app`,
    `${inside}/sys/fs/cgroup`,
  ]);
  const own = tree({
    "proc/self/mountinfo": mounted,
    "proc/7/cgroup": "0::/docker/1f\n",
    "sys/fs/cgroup/x": "",
  });
  assert.deepEqual(readMemoryCgroup(7, own)?.directories, [`${own}/sys/fs/cgroup`]);
  const outside = tree({
    "proc/self/mountinfo": V2,
    "proc/7/cgroup": "0::/../other\n",
    "sys/fs/cgroup/x": "",
  });
  assert.deepEqual(readMemoryCgroup(7, outside)?.directories, [`${outside}/sys/fs/cgroup`]);
});

test("without a memory controller, or without the process, there is none", () => {
  const top = tree({
    "proc/self/mountinfo": "22 26 0:21 / /sys rw - sysfs sysfs rw\n",
    "proc/7/cgroup": "0::/\n",
  });
  assert.equal(readMemoryCgroup(7, top), null);
  assert.equal(readMemoryCgroup(8, top), null);
});
