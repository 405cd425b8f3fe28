import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { execa } from "execa";
import { ROOT, workloadPath } from "../../lib/paths.ts";
import { perfIsMissing } from "../helpers-c/perf.ts";
import { make, start } from "../helpers-c/programs.ts";
import { faultsOf, type Mapped, mapProgram, mapSection, sum } from "./map.ts";
import { startPerf } from "./recorded.ts";

const folder = mkdtempSync(`${ROOT}/build/callers-`);
before(() => make());
after(() => rmSync(folder, { recursive: true }));

const PAGES = ["307", "211", "103"];

/** What a function name and file are to be. */
interface Expected {
  fill: string;
  /** The file that has memcpy. */
  copyFile: RegExp;
}

/** The three tables: by the program itself, by memcpy, by the kernel; and nothing else in the section. */
function assertTables({ functions, summary }: Mapped, { fill, copyFile }: Expected): void {
  assert.equal(summary.faults, 307 + 211 + 103);
  assert.equal(sum(functions), summary.faults);
  const kernel = functions.filter(({ file }) => file === "[kernel]");
  assert.equal(sum(kernel), 103);
  const own = functions.filter((each) => each.function === fill && faultsOf(each) !== 211);
  assert.deepEqual([own.length, sum(own)], [1, 307]);
  const copied = functions.filter((each) => faultsOf(each) === 211);
  assert.equal(copied.length, 1);
  assert.match(copied[0]?.file ?? "", copyFile);
}

/** callers.c as the Makefile builds it, with these options more. */
async function compile(name: string, ...options: string[]): Promise<string> {
  const flags = [
    "-O2",
    "-std=gnu11",
    "-pthread",
    "-I.",
    "-fno-omit-frame-pointer",
    "-mno-omit-leaf-frame-pointer",
  ];
  const link = ["-Wl,-z,now", "workload/callers.c", "-o", `${folder}/${name}`];
  await execa("gcc", [...flags, ...options, ...link], { cwd: `${ROOT}/helpers-c` });
  return `${folder}/${name}`;
}

const LIBC = /\/libc[.-][^/]*$/;
const BUILDS: Record<string, { options: string[]; expected: Expected }> = {
  "without a position of its own": { options: ["-no-pie"], expected: { fill: "fill_table", copyFile: LIBC } },
  static: { options: ["-static"], expected: { fill: "fill_table", copyFile: /\/static$/ } },
  "with code and data in one segment": {
    options: ["-Wl,-z,noseparate-code"],
    expected: { fill: "fill_table", copyFile: LIBC },
  },
  stripped: { options: ["-s"], expected: { fill: "[stripped]", copyFile: LIBC } },
};

for (const [name, { options, expected }] of Object.entries(BUILDS)) {
  test(`a program built ${name}: each function has the faults that it took, no more and no less`, async () => {
    const path = await compile(name.replaceAll(" ", "-"), ...options);
    assertTables(await mapProgram(start(path, ["-w", ...PAGES]), []), expected);
  });
}

test("the functions are those that perf record and perf script tell of the same faults", async (t) => {
  const reason = await perfIsMissing();
  if (reason) return t.skip(reason);
  const file = `${folder}/perf.data`;
  const { functions } = await mapProgram(start(workloadPath("callers"), ["-w", ...PAGES]), [], (pid) =>
    startPerf(pid, file),
  );
  const { stdout } = await execa("perf", ["script", "-i", file, "-F", "ip,sym"]);
  const leaves = new Map<string, number>();
  for (const [, name = ""] of stdout.matchAll(/^\s*[0-9a-f]+ (\S+)/gm))
    leaves.set(name, (leaves.get(name) ?? 0) + 1);
  assert.deepEqual(new Map(functions.map((each) => [each.function, faultsOf(each)])), leaves);
});

test("--stacks: each chain ends in the function that faulted, and the lines add up to all faults", async () => {
  const file = `${folder}/out.folded`;
  const { functions, stacks, summary } = await mapSection("callers", PAGES, "-s", file);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const counts = new Map(lines.map((line) => [line.replace(/ \d+$/, ""), Number(/\d+$/.exec(line)?.[0])]));
  assert.equal(counts.size, lines.length, "no chain stands there twice");
  assert.equal(
    [...counts.values()].reduce((total, count) => total + count, 0),
    summary.faults,
  );
  assert.deepEqual(
    stacks.map(({ comm, frames, minor }) => `${[comm, ...frames].join(";")} ${minor}`),
    lines,
  );
  const filled = [...counts].filter(([stack]) => /^callers;.*;main;run_tables;fill_table$/.test(stack));
  assert.deepEqual(
    filled.map(([, count]) => count),
    [307],
  );
  // libc has no frame pointers: who called it is passed over
  const copied = functions.find((each) => faultsOf(each) === 211)?.function;
  const inLibc = [...counts].filter(([stack]) => stack.endsWith(`;${copied}`));
  assert.deepEqual(
    inLibc.map(([, count]) => count),
    [211],
  );
  assert.match(inLibc[0]?.[0] ?? "", /;main;run_tables;(copy_table;)?[^;]+$/);
  const read = [...counts].filter(([stack]) =>
    /;main;run_tables;(receive_table;)?(__)?(GI_)?(___)?(libc_)?read;[^;]+$/.test(stack),
  );
  assert.equal(
    read.reduce((total, [, count]) => total + count, 0),
    103,
  );
});

test("a program that was deleted, and one in another mount namespace, still tell its functions", async () => {
  const deleted = await compile("deleted");
  const program = start(deleted, ["-w", ...PAGES]);
  rmSync(deleted);
  assertTables(await mapProgram(program, []), { fill: "fill_table", copyFile: LIBC });
  await compile("elsewhere");
  const hidden = start("unshare", [
    "-m",
    "sh",
    "-c",
    'mount --bind "$0" /mnt && exec /mnt/elsewhere -w "$@"',
    folder,
    ...PAGES,
  ]);
  const mapped = await mapProgram(hidden, []);
  assertTables(mapped, { fill: "fill_table", copyFile: LIBC });
  assert.ok(mapped.functions.some(({ file }) => file === "/mnt/elsewhere"));
});
