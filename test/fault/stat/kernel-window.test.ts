import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { KernelWindow } from "../../../lib/fault/stat/kernel-window.ts";

/** A made-up /proc with one process, which can be changed between the readings. */
function madeUp(run: (root: string, write: (process: Made) => void) => void): void {
  const root = mkdtempSync(`${tmpdir()}/proc-`);
  try {
    run(root, (made) => {
      rmSync(`${root}/${PID}`, { recursive: true, force: true });
      if (made === null) return;
      mkdirSync(`${root}/${PID}/task/${PID}`, { recursive: true });
      for (const path of [`${PID}/stat`, `${PID}/task/${PID}/stat`])
        writeFileSync(`${root}/${path}`, line(made));
    });
  } finally {
    rmSync(root, { recursive: true });
  }
}

type Made = { startTime: number; minor: number; major?: number } | null;

const PID = 42;

function line({ startTime, minor, major = 0 }: NonNullable<Made>): string {
  const fields = [
    PID,
    "(made up)",
    "S",
    1,
    1,
    1,
    0,
    -1,
    0,
    minor,
    0,
    major,
    0,
    0,
    0,
    0,
    0,
    20,
    0,
    1,
    0,
    startTime,
    0,
    0,
  ];
  return `${[...fields, ...new Array<number>(28).fill(0)].join(" ")}\n`;
}

const EXIT = { minor: 25, major: 3, runSeconds: 1, comm: "made up" };

function readings(root: string, steps: (() => void)[]): KernelWindow {
  const window = new KernelWindow(root);
  const take = [window.beforeAttach, window.afterAttach, window.beforeStop, window.afterStop];
  take.forEach((read, i) => {
    steps[i]?.();
    read.call(window, [PID]);
  });
  return window;
}

test("a process that lives: the readings at both ends bracket what it did", () => {
  madeUp((root, write) => {
    const at = (minor: number) => () => write({ startTime: 7, minor });
    const window = readings(root, [at(10), at(12), at(100), at(103)]);
    assert.deepEqual(window.start(PID), { before: { minor: 10, major: 0 }, after: { minor: 12, major: 0 } });
    assert.deepEqual(window.closing(PID, null).end, {
      before: { minor: 100, major: 0 },
      after: { minor: 103, major: 0 },
    });
  });
});

test("a pid that was given to another process in between: that one's counters are not taken for its own", () => {
  madeUp((root, write) => {
    const first = () => write({ startTime: 7, minor: 10 });
    const other = () => write({ startTime: 900, minor: 5000 });
    const window = readings(root, [first, first, other, other]);
    assert.equal(window.closing(PID, null).end, null);
    assert.deepEqual(window.closing(PID, EXIT).end?.after, { minor: 25, major: 3 });
  });
});

test("a process that is gone: its closing counters are those that it left with, or unknown", () => {
  madeUp((root, write) => {
    const there = () => write({ startTime: 7, minor: 10 });
    const window = readings(root, [there, there, () => write(null), () => undefined]);
    assert.equal(window.closing(PID, null).end, null);
    assert.deepEqual(window.closing(PID, EXIT).end, {
      before: { minor: 25, major: 3 },
      after: { minor: 25, major: 3 },
    });
  });
});

test("a process that was born after the beginning counts from 0", () => {
  madeUp((root, write) => {
    const nothing = () => write(null);
    const born = () => write({ startTime: 8, minor: 70 });
    const window = readings(root, [nothing, nothing, born, born]);
    assert.deepEqual(window.start(PID), { before: { minor: 0, major: 0 }, after: { minor: 0, major: 0 } });
    assert.deepEqual(window.closing(PID, null).end?.after, { minor: 70, major: 0 });
  });
});
