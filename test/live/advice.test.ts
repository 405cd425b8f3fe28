import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { before, test } from "node:test";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";
import { memoryCgroup } from "../helpers-c/cgroup.ts";
import { make } from "../helpers-c/programs.ts";
import { mapCommand } from "./map.ts";

const PYTHON = "/usr/bin/python3";
const PAGES = 8192;

/** Writes each page of memory in order; huge: that has asked for huge pages. Prints its minor faults meanwhile. */
const script = (flags: string, huge: boolean): string => `
import mmap, resource
memory = mmap.mmap(-1, ${PAGES} << 12, flags=mmap.MAP_ANONYMOUS | mmap.${flags})
${huge ? "memory.madvise(mmap.MADV_HUGEPAGE)" : ""}
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for i in range(${PAGES}): memory[i << 12] = 1
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
`;

before(() => make());

/** The word that is chosen in a setting of huge pages. */
const chosen = (name: string): string =>
  /\[(\w+)\]/.exec(readFileSync(`/sys/kernel/mm/transparent_hugepage/${name}`, "utf8"))?.[1] ?? "";

for (const [flags, setting] of [
  ["MAP_SHARED", "shmem_enabled"],
  ["MAP_PRIVATE", "enabled"],
] as const) {
  test(`${flags}: huge pages are advised where they would come`, async (t) => {
    const asked = await execa(PYTHON, ["-c", script(flags, true)], { reject: false });
    if (asked.exitCode !== 0) return t.skip(`needs: ${PYTHON}`);
    const come = Number(asked.stdout) < PAGES / 2;
    // memory in pieces: then there is nothing to compare the advice with
    if (!come && ["always", "madvise", "advise", "within_size"].includes(chosen(setting)))
      return t.skip(`kernel: no huge pages came, though they are switched on: ${chosen(setting)}`);
    const { summary } = await mapCommand([PYTHON, "-c", script(flags, false)]);
    if (summary.faults < PAGES) return t.skip("needs: huge pages that come unasked nowhere");
    assert.match(
      summary.verdict,
      come ? /Huge pages \(MADV_HUGEPAGE\) would/ : /huge pages, .* switched off/,
    );
    assert.match(summary.verdict, /MAP_POPULATE/);
  });
}

const MIB = 1 << 20;

/** Makes a file, so that its pages are charged to its own cgroup, and reads each of them, three times in order. */
const READER = `
import mmap, os, sys
size = ${48 * MIB}
with open(sys.argv[1], "wb") as file:
    for i in range(size >> 20): file.write(bytes(1 << 20))
    os.fsync(file.fileno())
with open(sys.argv[1], "rb") as file: memory = mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ)
for times in range(3):
    for i in range(0, size, 4096): memory[i]
`;

test("a file that is evicted as fast as it is read: the program is not said to give it back", async (t) => {
  const cgroup = memoryCgroup(t);
  const limit = ["memory.limit_in_bytes", "memory.max"].find((name) => existsSync(`${cgroup}/${name}`));
  if (cgroup === null || limit === undefined) return t.skip("needs: a memory cgroup with a limit");
  const directory = mkdtempSync(`${ROOT}/build/advice-`);
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(`${cgroup}/${limit}`, String(24 * MIB));
  const entering = 'echo $$ >"$0/cgroup.procs" && exec "$@"';
  const command = ["sh", "-c", entering, cgroup, PYTHON, "-c", READER, `${directory}/file`];
  const { regions, summary } = await mapCommand(command);
  const [first] = regions;
  assert.equal(first?.path, `${directory}/file`);
  assert.equal(first.pattern, "thrashing");
  assert.match(summary.verdict, /on [\d,]+ pages of its 48M\. /);
  assert.match(summary.verdict, /evicted, which wss --limit can prove|it needs more memory/);
});

/** Reads pages of a file that is in no cache, in random order or not, with advice or none. */
const COLD = `
import mmap, os, random, sys
path, order, advice = sys.argv[1:]
with open(path, "r+b") as file:
    os.fsync(file.fileno())
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
if advice != "-": memory.madvise(getattr(mmap, advice))
offsets = list(range(0, len(memory), 4096))
if order == "random":
    random.seed(1)
    random.shuffle(offsets)
    offsets = offsets[:3000]
for at in offsets: memory[at]
`;

for (const [order, advice] of [
  ["sequential", "MADV_SEQUENTIAL"],
  ["random", "MADV_RANDOM"],
] as const) {
  test(`a file read in ${order} order: ${advice} is only advised where it would save waiting`, async (t) => {
    if (!existsSync(PYTHON)) return t.skip(`needs: ${PYTHON}`);
    const directory = mkdtempSync(`${ROOT}/build/advice-`);
    t.after(() => rmSync(directory, { recursive: true }));
    const path = `${directory}/file`;
    writeFileSync(path, Buffer.alloc(48 * MIB, 1));
    const read = async (which: string) => {
      const { regions, summary } = await mapCommand([PYTHON, "-c", COLD, path, order, which]);
      const region = regions.find((each) => each.path === path);
      return {
        minor: region?.minor ?? 0,
        major: region?.major ?? 0,
        order: region?.order,
        verdict: summary.verdict,
      };
    };
    const [without, advised] = [await read("-"), await read(advice)];
    assert.equal(without.order, order);
    if (advised.major < without.major / 2) return t.skip("kernel: the advice helps here");
    if (without.major > without.minor) return t.skip("needs: a disk that read-ahead keeps ahead on");
    assert.doesNotMatch(without.verdict, /MADV_/);
  });
}
