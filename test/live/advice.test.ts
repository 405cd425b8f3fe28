import assert from "node:assert/strict";
import { before, test } from "node:test";
import { execa } from "execa";
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

for (const flags of ["MAP_SHARED", "MAP_PRIVATE"]) {
  test(`${flags}: huge pages are advised where they would come`, async (t) => {
    const asked = await execa(PYTHON, ["-c", script(flags, true)], { reject: false });
    if (asked.exitCode !== 0) return t.skip(`needs: ${PYTHON}`);
    const come = Number(asked.stdout) < PAGES / 2;
    const { summary } = await mapCommand([PYTHON, "-c", script(flags, false)]);
    if (summary.faults < PAGES) return t.skip("needs: huge pages that come unasked nowhere");
    assert.match(
      summary.verdict,
      come ? /Huge pages \(MADV_HUGEPAGE\) would/ : /huge pages, .* switched off/,
    );
    assert.match(summary.verdict, /MAP_POPULATE/);
  });
}
