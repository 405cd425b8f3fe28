import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ROOT } from "../../../lib/paths.ts";
import type { Maps } from "../../../lib/source/bpftrace/maps.ts";
import { compose } from "../../../lib/source/bpftrace/script.ts";
import { type Counts, type Held, hold } from "./held.ts";
import { COLD, MODES, type Mode } from "./modes.ts";
import { attach, countOf } from "./probes.ts";

/** Beside the scripts' own: the returns of handle_mm_fault that ask for another try (VM_FAULT_RETRY). */
const RETRIES = "kretprobe:handle_mm_fault /retval & 0x400/ { @retries[pid] = count(); }";

const SCRIPTS = ["kprobe", "fentry"] as const;
type Script = (typeof SCRIPTS)[number];

interface Seen {
  pid: number;
  /** Of the section, by /proc. */
  kernel: Counts;
}

const seen = new Map<Mode, Seen>();
/** Of all processes at once, as pgfaultstat composes the script. */
const composed = new Map<Script, Maps>();
/** Of the cold one, by the script as it stands in bt/. */
const alone = new Map<Script, Maps>();
let retries: Maps;

/** All workloads are held at once, so that each script attaches once: that takes the longest here. */
before(async () => {
  const held = new Map<Mode, Held>();
  try {
    for (const mode of MODES) held.set(mode, await hold(...mode.args));
    await traceSections(held);
    for (const program of held.values()) await program.finish();
  } finally {
    for (const program of held.values()) program.kill();
  }
});

async function traceSections(held: ReadonlyMap<Mode, Held>): Promise<void> {
  const pids = [...held.values()].map(({ pid }) => pid);
  const scope = { kind: "pids", pids, follow: false } as const;
  const cold = String(held.get(COLD)?.pid);
  const tracers = await Promise.all([
    ...SCRIPTS.map(async (script) => {
      const tracer = await attach("-e", compose([script], scope, 1000, false));
      return async () => composed.set(script, await tracer.maps());
    }),
    ...SCRIPTS.map(async (script) => {
      const tracer = await attach(`${ROOT}/bt/${script}.bt`, cold);
      return async () => alone.set(script, await tracer.maps());
    }),
    (async () => {
      const tracer = await attach("-e", `${RETRIES} interval:s:1 { print(@retries); }`);
      return async () => {
        retries = await tracer.maps();
      };
    })(),
  ]);
  for (const [mode, program] of held) {
    seen.set(mode, { pid: program.pid, kernel: await program.runSection() });
  }
  await Promise.all(tracers.map((end) => end()));
}

function seenOf(mode: Mode): Seen {
  const found = seen.get(mode);
  assert.ok(found, `${mode.name} was run`);
  return found;
}

function countsOf(maps: Maps | undefined, pid: number): Counts {
  assert.ok(maps);
  return { minor: countOf(maps, "@minor", pid), major: countOf(maps, "@major", pid) };
}

for (const mode of MODES) {
  for (const script of SCRIPTS) {
    test(`${script} counts ${mode.minor} minor and ${mode.major} major faults of known ${mode.name}, as /proc`, () => {
      const { pid, kernel } = seenOf(mode);
      assert.deepEqual(kernel, { minor: mode.minor, major: mode.major });
      assert.deepEqual(countsOf(composed.get(script), pid), kernel);
    });
  }
}

test("each fault of known cold is tried again by the kernel, and counted once", () => {
  const { pid, kernel } = seenOf(COLD);
  const tried = countOf(retries, "@retries", pid);
  assert.ok(tried >= kernel.major, `${tried} of ${kernel.major} were tried again`);
  for (const script of SCRIPTS) assert.deepEqual(countsOf(composed.get(script), pid), kernel);
});

for (const script of SCRIPTS) {
  test(`bpftrace bt/${script}.bt PID, typed by hand, counts the same`, () => {
    const { pid, kernel } = seenOf(COLD);
    assert.deepEqual(countsOf(alone.get(script), pid), kernel);
  });
}
