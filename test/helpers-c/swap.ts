import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { execa } from "execa";
import { ROOT } from "../../lib/paths.ts";

const SIZE = "64M";
const ZRAM_CONTROL = "/sys/class/zram-control";

type Undo = () => Promise<unknown>;

/** Swap devices of the test's own, taken down after it; each throws where the machine cannot have one. */
export const swapDevices: Record<string, (t: TestContext) => Promise<void>> = {
  zram: (t) => setUp(t, zram),
  "swap file": (t) => setUp(t, swapFile),
};

/** What is set up last is undone first, also when the rest of it fails. */
async function setUp(t: TestContext, device: (undo: Undo[]) => Promise<void>): Promise<void> {
  const undo: Undo[] = [];
  t.after(async () => {
    for (const step of undo.reverse()) await step();
  });
  await device(undo);
}

/** Compressed memory: written at once, so that a page leaves memory as soon as it is paged out. */
async function zram(undo: Undo[]): Promise<void> {
  const id = readFileSync(`${ZRAM_CONTROL}/hot_add`, "utf8").trim();
  undo.push(async () => writeFileSync(`${ZRAM_CONTROL}/hot_remove`, id));
  writeFileSync(`/sys/block/zram${id}/disksize`, SIZE);
  const device = `/dev/zram${id}`;
  if (!existsSync(device)) throw new Error(`${device} does not appear`);
  await swapOn(undo, device);
}

/** A file on the disk: paged out pages stay in the swap cache until they are written, and longer. */
async function swapFile(undo: Undo[]): Promise<void> {
  const directory = mkdtempSync(`${ROOT}/build/swap-`);
  undo.push(async () => rmSync(directory, { recursive: true }));
  const file = `${directory}/swap`;
  await execa("fallocate", ["-l", SIZE, file]);
  await execa("chmod", ["600", file]);
  await swapOn(undo, file);
}

/** Without a priority of its own, so that other programs of the machine prefer what they had. */
async function swapOn(undo: Undo[], path: string): Promise<void> {
  await execa("mkswap", [path]);
  await execa("swapon", [path]);
  undo.push(() => execa("swapoff", [path]));
}
