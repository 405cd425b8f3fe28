import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { before, type TestContext, test } from "node:test";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { memoryCgroup } from "../helpers-c/cgroup.ts";
import { make, start, until } from "../helpers-c/programs.ts";
import { zramSwap } from "../helpers-c/zramswap.ts";
import { nextOf, startWss } from "./wss.ts";

const MIB = 1 << 20;
/** What hot touches with each pass. */
const HOT_MIB = 32;
const PAGES = (HOT_MIB * MIB) / 4096;

before(() => make("hot"));

/** Whether the kernel took the limit: EBUSY where a process touches its pages faster than they are paged out. */
function limits(cgroup: string, limit: number): boolean {
  try {
    writeFileSync(`${cgroup}/memory.limit_in_bytes`, String(limit));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
    return false;
  }
}

/** wss --limit of hot in a memory cgroup with this limit, which is set once hot is ready. */
async function judged(t: TestContext, limit: number) {
  const cgroup = memoryCgroup(t);
  if (cgroup === null || !existsSync(`${cgroup}/memory.limit_in_bytes`)) return null;
  // in the cgroup before its memory is made: it is charged where the process is then
  const command = [workloadPath("hot"), "-n", String(PAGES), "-w", String(PAGES), "-p", "100"];
  const program = start("sh", ["-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', cgroup, ...command]);
  try {
    await program.line();
    await until("the limit is set", () => limits(cgroup, limit));
    const wss = startWss("--limit", "-p", String(program.pid), "1", "4");
    const record = await nextOf(wss, "limit");
    assert.equal((await wss.end).code, 0);
    return { record, cgroup, pid: program.pid };
  } finally {
    program.process.kill("SIGKILL");
    await program.end;
  }
}

test("--limit: a working set with ample room fits, and nothing had to come back", async (t) => {
  const found = await judged(t, 8 * HOT_MIB * MIB);
  if (found === null) return t.skip("kernel: no v1 memory cgroup can be made here");
  const { record, cgroup, pid } = found;
  assert.equal(record.fits, "room", record.verdict);
  assert.deepEqual([record.what, record.cgroup, record.pids], ["memory.limit_in_bytes", cgroup, [pid]]);
  assert.equal(record.limit, 8 * HOT_MIB * MIB);
  assert.ok(record.wssHigh >= HOT_MIB * MIB && record.wssHigh < (HOT_MIB + 4) * MIB, String(record.wssHigh));
  assert.equal(record.headroom, record.limit - record.wssHigh - record.others);
  const { refaultAnon, refaultFile, refaultsOf, hits, oomKills } = record.witnesses;
  assert.deepEqual(
    { refaultAnon, refaultFile, refaultsOf, hits, oomKills },
    { refaultAnon: 0, refaultFile: 0, refaultsOf: "cgroup", hits: 0, oomKills: 0 },
  );
});

test("--limit: a working set that just fits is said to fit tightly", async (t) => {
  const found = await judged(t, (HOT_MIB + 3) * MIB);
  if (found === null) return t.skip("kernel: no v1 memory cgroup can be made here");
  assert.equal(found.record.fits, "tight", found.record.verdict);
  assert.equal(found.record.witnesses.refaultAnon, 0);
});

test("--limit: a working set larger than its limit does not fit, and the refaults prove it", async (t) => {
  // written at once: with a swap file the disk may be too slow, and the OOM killer comes
  const swap = await zramSwap(t, 64);
  if (typeof swap === "string") return t.skip(swap);
  const found = await judged(t, HOT_MIB * 0.75 * MIB);
  if (found === null) return t.skip("kernel: no v1 memory cgroup can be made here");
  const { record } = found;
  assert.equal(record.fits, "no", record.verdict);
  // each pass touches all, and a quarter of it cannot be there
  assert.ok(Number(record.witnesses.refaultAnon) >= PAGES / 4, record.verdict);
  assert.ok(Number(record.witnesses.major) > 0);
  assert.ok(Number(record.witnesses.hits) > 0);
  assert.match(record.verdict, /does not fit into the 24M of memory\.limit_in_bytes/);
});

test("--limit: a file that others brought in takes nothing of the limit, however much of it is touched", async (t) => {
  const cgroup = memoryCgroup(t);
  if (cgroup === null || !existsSync(`${cgroup}/memory.limit_in_bytes`))
    return t.skip("kernel: no v1 memory cgroup can be made here");
  const directory = mkdtempSync(`${ROOT}/build/limit-`);
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(`${directory}/file`, Buffer.alloc(HOT_MIB * MIB, 1)); // charged to whom this test belongs to
  writeFileSync(`${cgroup}/memory.limit_in_bytes`, String((HOT_MIB / 2) * MIB));
  const reader = `import mmap, sys, time
with open(sys.argv[1], "rb") as file: memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
def touch():
    for at in range(0, len(memory), 4096): memory[at]
touch()
print("ready", flush=True)
while True:
    touch()
    time.sleep(0.05)`;
  const entering = 'echo $$ >"$0/cgroup.procs" && exec "$@"';
  const argv = ["-c", entering, cgroup, "/usr/bin/python3", "-c", reader, `${directory}/file`];
  const program = start("sh", argv);
  try {
    await program.line();
    const wss = startWss("--limit", "-p", String(program.pid), "0.5", "3");
    const record = await nextOf(wss, "limit");
    assert.ok(record.wssHigh >= HOT_MIB * MIB, String(record.wssHigh));
    assert.ok(record.chargedMost < (HOT_MIB / 2) * MIB, String(record.chargedMost));
    assert.equal(record.fits, "room", record.verdict);
    assert.equal((await wss.end).code, 0);
  } finally {
    program.process.kill("SIGKILL");
    await program.end;
  }
});
