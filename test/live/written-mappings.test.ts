import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, type TestContext, test } from "node:test";
import { execa } from "execa";
import { helperPath } from "../../lib/paths.ts";
import { make } from "../helpers-c/programs.ts";
import { isRegistered, untilReleased } from "../helpers-c/victim.ts";
import { ARENA, exactly, type Python, python, type Scanner, scanner, upTo } from "./written.ts";

before(() => make());

/** A Python with 64 pages at ARENA, all written once, and a scanner on it. */
async function traced(t: TestContext, ...options: string[]): Promise<[Python, Scanner]> {
  const target = await python();
  t.after(target.end);
  await target.run("map(64); write(0, 64)");
  return [target, await scanner(target.pid, ...options)];
}

/** A test that is skipped where the kernel cannot tell written pages. */
function live(name: string, run: (t: TestContext) => Promise<void>): void {
  test(name, async (t) => {
    const trial = await execa(helperPath("wsscan"), ["-t"], { reject: false });
    if (trial.exitCode !== 0) return t.skip(`kernel: ${trial.stderr}`);
    await run(t);
  });
}

const pageTables = (pid: number): number =>
  Number(/VmPTE:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

live("what the kernel writes for the process counts too", async (t) => {
  const [target, scans] = await traced(t);
  await target.run("f = open('/dev/zero', 'rb', buffering=0)");
  await scans.scan();
  await target.run("out = f.readinto((ctypes.c_char * (5 * 4096)).from_address(arena + 8 * 4096))");
  assert.deepEqual(await scans.written(ARENA), exactly(5));
  await scans.stop();
});

live("a mapping that comes later is in the upper bound of its first window, then exact", async (t) => {
  const [target, scans] = await traced(t);
  await target.run("arena += 1 << 40; map(64, where=arena); write(0, 10)");
  const there = `0x${(BigInt(ARENA) + (1n << 40n)).toString(16)}`;
  assert.equal((await scans.peek()).mappings.get(there), undefined, "a peek registers nothing");
  const { scan, mappings } = await scans.scan();
  assert.deepEqual(mappings.get(there), upTo(10, true));
  assert.ok(Number(scan.newMappings) >= 1);
  await target.run("write(3, 4)");
  assert.deepEqual(await scans.written(there), exactly(4));
  await scans.stop();
});

live("another mapping at the same place is not taken for the old one", async (t) => {
  const [target, scans] = await traced(t);
  await target.run("libc.munmap(at(0), ctypes.c_size_t(64 * 4096)); map(64); write(0, 10)");
  assert.deepEqual(await scans.written(ARENA), upTo(10, true));
  await target.run("write(5, 2)");
  assert.deepEqual(await scans.written(ARENA), exactly(2));
  await scans.stop();
});

live("a mapping that was moved by mremap is new, and exact after that", async (t) => {
  const [target, scans] = await traced(t);
  await target.run(
    "arena = libc.mremap(at(0), ctypes.c_size_t(64 * 4096), ctypes.c_size_t(128 * 4096), 3, ctypes.c_void_p(arena + (1 << 40)))",
  );
  const there = `0x${(BigInt(ARENA) + (1n << 40n)).toString(16)}`;
  assert.deepEqual(await scans.written(there), upTo(64, true));
  await target.run("write(60, 7)");
  const { low, high } = await scans.written(there);
  assert.ok(low <= 7 && high >= 7);
  await target.run("write(60, 7)");
  assert.deepEqual(await scans.written(there), exactly(7));
  await scans.stop();
});

live("a mapping that grows in place keeps what is known of it", async (t) => {
  const [target, scans] = await traced(t);
  await target.run("libc.mremap(at(0), ctypes.c_size_t(64 * 4096), ctypes.c_size_t(128 * 4096), 0)");
  await target.run("write(10, 3); write(64, 5)");
  const { low, high } = await scans.written(ARENA);
  assert.ok(low >= 3 && low <= 8 && high === 8, `${low} ${high}`);
  await target.run("write(60, 10)");
  assert.deepEqual((await scans.written(ARENA)).high, 10);
  await target.run("write(60, 10)");
  assert.deepEqual(await scans.written(ARENA), exactly(10));
  await scans.stop();
});

live("pages that were given back with MADV_DONTNEED and written again", async (t) => {
  const [target, scans] = await traced(t);
  await target.run("advise(0, 32, 4)");
  assert.deepEqual(await scans.written(ARENA), exactly(0));
  await target.run("write(0, 9); write(40, 2)");
  assert.deepEqual(await scans.written(ARENA), exactly(11));
  await scans.stop();
});

live(
  "after a fork, the parent's writes are counted, the child's are not and the child is free",
  async (t) => {
    const [target, scans] = await traced(t);
    const child = Number(
      await target.run(
        "r, w = os.pipe(); a, b = os.pipe(); out = os.fork(); out == 0 and (os.read(r, 1), write(0, 64), os.write(b, b'x'), os.read(r, 1), os._exit(0))",
      ),
    );
    assert.equal(isRegistered(child), false);
    await scans.scan();
    await target.run("os.write(w, b'x'); os.read(a, 1)");
    assert.deepEqual(await scans.written(ARENA), exactly(0));
    await target.run("write(0, 12)");
    assert.deepEqual(await scans.written(ARENA), exactly(12));
    await target.run("os.write(w, b'x'); out = os.waitpid(-1, 0)[1]");
    await scans.stop();
  },
);

live("mprotect to read-only and back loses nothing", async (t) => {
  const [target, scans] = await traced(t);
  await target.run("libc.mprotect(at(0), ctypes.c_size_t(64 * 4096), 1)");
  assert.deepEqual(await scans.written(ARENA), exactly(0));
  await target.run("libc.mprotect(at(0), ctypes.c_size_t(64 * 4096), 3); write(0, 6)");
  assert.deepEqual(await scans.written(ARENA), exactly(6));
  await scans.stop();
});

/** 2 MiB at ARENA, which huge pages may map; a scan of them in 4 KiB pages. */
async function hugeTraced(t: TestContext): Promise<[Python, Scanner]> {
  const target = await python();
  t.after(target.end);
  await target.run("map(512); advise(0, 512, 14)");
  return [target, await scanner(target.pid)];
}

/** Whether the page at ARENA is a huge one now: the kernel may have had none. */
function isHuge(pid: number): boolean {
  const [, rest = ""] = readFileSync(`/proc/${pid}/smaps`, "utf8").split(ARENA.slice(2));
  return /^AnonHugePages: +2048 kB$/m.test(rest.split("VmFlags")[0] ?? "");
}

/** A page of a fresh huge page: which of its pages were written nobody can tell. */
const partOfHuge = (pid: number) => (isHuge(pid) ? upTo(512) : exactly(1));

live("a huge page that comes by a write of one page is not written whole", async (t) => {
  const [target, scans] = await hugeTraced(t);
  await target.run("write(100, 1)");
  assert.deepEqual((await scans.peek()).mappings.get(ARENA), partOfHuge(target.pid));
  assert.deepEqual(await scans.written(ARENA), partOfHuge(target.pid));
  await target.run("write(7, 3)");
  assert.deepEqual(await scans.written(ARENA), exactly(3), "it was armed whole, and its pages are told now");
  await scans.stop();
});

live("the huge zero page is not written; a huge page in its place is not written whole", async (t) => {
  const zeroPage = readFileSync("/sys/kernel/mm/transparent_hugepage/use_zero_page", "utf8").trim() === "1";
  const [target, scans] = await hugeTraced(t);
  await target.run("look(0, 2)");
  const read = isHuge(target.pid) ? upTo(512) : exactly(0);
  assert.deepEqual(await scans.written(ARENA), read);
  assert.ok(!(zeroPage && isHuge(target.pid)), "the zero page is no huge page of its own");
  await target.run("write(100, 1)");
  const written = await scans.written(ARENA);
  // a huge page that a read brought was armed since
  assert.deepEqual(written, read.high === 0 ? partOfHuge(target.pid) : exactly(1));
  await target.run("write(7, 3)");
  assert.deepEqual(await scans.written(ARENA), exactly(3));
  await scans.stop();
});

live("a huge page that was given back and comes again by a write is not written whole", async (t) => {
  const [target, scans] = await hugeTraced(t);
  await target.run("write(0, 512)");
  await scans.scan();
  await target.run("advise(0, 512, 4); write(100, 1)");
  assert.deepEqual(await scans.written(ARENA), partOfHuge(target.pid));
  await target.run("write(7, 3)");
  assert.deepEqual(await scans.written(ARENA), exactly(3));
  await scans.stop();
});

live(
  "pages that were all written may be made a huge page: in the upper bound, then told again",
  async (t) => {
    const [target, scans] = await hugeTraced(t);
    await target.run("write(0, 512)");
    await scans.scan();
    await target.run("write(0, 511)");
    const collapse = "out = libc.madvise(at(0), ctypes.c_size_t(512 * 4096), 25)"; // as khugepaged does
    assert.equal(await target.run(collapse), "-1", "a page that is armed keeps the others small");
    assert.deepEqual(await scans.written(ARENA), exactly(511));
    await target.run("write(0, 512)");
    const error = await target.run(collapse);
    assert.equal(error === "0", isHuge(target.pid));
    assert.deepEqual(await scans.written(ARENA), isHuge(target.pid) ? upTo(512) : exactly(512));
    await target.run("write(7, 3)");
    assert.deepEqual(await scans.written(ARENA), exactly(3));
    await scans.stop();
  },
);

live("guard regions are no pages, and stay guarded", async (t) => {
  const target = await python();
  t.after(target.end);
  await target.run("map(64); write(0, 64)");
  const error = await target.run("out = libc.madvise(at(0), ctypes.c_size_t(8 * 4096), 102)");
  if (error !== "0") return t.skip("kernel: no MADV_GUARD_INSTALL");
  const scans = await scanner(target.pid);
  assert.deepEqual(await scans.written(ARENA), exactly(0));
  await target.run("write(8, 4)");
  assert.deepEqual(await scans.written(ARENA), exactly(4));
  await scans.stop();
  target.send("write(0, 1)");
  assert.equal((await target.program.end).signal, "SIGSEGV");
});

live("a TiB of reserved space costs the process no page tables and the scan no time", async (t) => {
  const target = await python();
  t.after(target.end);
  await target.run("map(1 << 28, flags=0x4022); write(0, 64); write(1 << 27, 3)");
  const before = pageTables(target.pid);
  const scans = await scanner(target.pid);
  await target.run("write(0, 5)");
  assert.deepEqual(await scans.written(ARENA), exactly(5));
  assert.ok(pageTables(target.pid) - before < 64, "KiB");
  await scans.stop();
});

live("a TiB of sparse shared memory either", async (t) => {
  const target = await python();
  t.after(target.end);
  await target.run(
    "fd = os.memfd_create('sparse'); os.ftruncate(fd, 1 << 40); map(1 << 28, flags=1, fd=fd); write(0, 64); write(1 << 27, 3)",
  );
  const before = pageTables(target.pid);
  const scans = await scanner(target.pid);
  await target.run("write(0, 5); write((1 << 27) + 2, 4)");
  assert.deepEqual(await scans.written(ARENA), exactly(9), "their page tables are armed");
  await target.run("write(1 << 26, 6); look(1 << 25, 2)");
  assert.deepEqual(await scans.written(ARENA), upTo(8));
  assert.ok(pageTables(target.pid) - before < 64, "KiB");
  await scans.stop();
});

live("exec ends it, and says so", async (t) => {
  const [target, scans] = await traced(t);
  await scans.scan();
  target.send("os.execv('/bin/sleep', ['sleep', '1000'])");
  await assert.rejects(
    (async () => {
      for (let i = 0; i < 100; i++) {
        await scans.scan();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })(),
    /ended: exec/,
  );
  assert.equal((await scans.program.end).code, 0);
  await untilReleased(target.pid);
});

live("the target's exit ends it at once, and says so", async (t) => {
  const [target, scans] = await traced(t);
  target.send("os._exit(0)");
  assert.equal((await scans.next()).reason, "exit");
  assert.equal((await scans.program.end).code, 0);
});

live("threads: a process with many of them is injected into and counted", async (t) => {
  const [target, scans] = await traced(t);
  await scans.stop();
  await target.run(
    "import threading; stop = threading.Event(); threads = [threading.Thread(target=lambda: [None for _ in iter(stop.is_set, True)]) for _ in range(8)]; [thread.start() for thread in threads]",
  );
  for (let i = 0; i < 4; i++) {
    const again = await scanner(target.pid);
    await target.run(`write(0, ${i + 1})`);
    assert.deepEqual(await again.written(ARENA), exactly(i + 1));
    await again.stop();
  }
  assert.equal(
    await target.run("stop.set(); [thread.join() for thread in threads]; out = 'joined'"),
    "joined",
  );
});
