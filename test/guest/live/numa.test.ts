import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hasSeveralNodes, readNodeRanges } from "../../../lib/kernel/numa.ts";
import type { MapRecord } from "../../../lib/metric/map-record.ts";
import { workloadPath } from "../../../lib/paths.ts";
import { rest, start } from "../../helpers-c/programs.ts";
import { toolCommand } from "../../live/tool.ts";

const PAGES = 1009;

/** The regions that a tool tells of, and how it ended. */
async function regionsOf(name: "pgfaultmap" | "report", args: readonly string[]) {
  const tool = start("node", [...toolCommand(name), "-j", ...args]);
  const records = (await rest(tool)).map((line): MapRecord => JSON.parse(line));
  return { regions: records.filter((record) => record.type === "region"), ...(await tool.end) };
}

for (const node of ["0", "1"]) {
  test(`pgfaultmap -P: pages that numactl binds to node ${node} are told to be there, every one`, async (t) => {
    if (!hasSeveralNodes(readNodeRanges())) return t.skip("kernel: one NUMA node has all memory");
    const command = ["numactl", `--membind=${node}`, workloadPath("walks"), "seq", String(PAGES)];
    const folder = mkdtempSync(join(tmpdir(), "numa-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const { regions, code, stderr } = await regionsOf("pgfaultmap", [
      "-P",
      "-o",
      join(folder, "rec"),
      "--",
      ...command,
    ]);
    assert.equal(code, 0, stderr);
    const said = JSON.parse(/^\{.*\}$/m.exec(stderr)?.[0] ?? "null");
    const region = regions.find(
      ({ start: at, end }) => Number(at) <= Number(said.start) && Number(said.start) < Number(end),
    );
    assert.ok(region !== undefined, JSON.stringify(said));
    assert.equal(region.nodes?.[node], region.minor + region.major, JSON.stringify(region.nodes));
    assert.ok(region.minor >= PAGES);
    const again = await regionsOf("report", [join(folder, "rec")]);
    assert.deepEqual(again.regions, regions, "a recording knows the nodes of its own machine");
  });
}
