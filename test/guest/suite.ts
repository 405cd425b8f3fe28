/** The test files that run inside the guest, with either kernel. Files of equal names would meet. */
export const SUITE = [
  "test/guest/live/handler.test.ts",
  "test/guest/live/numa.test.ts",
  "test/guest/live/pgfaultstat.test.ts",
  "test/guest/live/wss.test.ts",
  "test/live/cgroup.test.ts",
];

/** The tools that those tests start, as test/live/tool.ts does. */
export const TOOLS = [
  "scripts/pgfaultmap.ts",
  "scripts/pgfaultstat.ts",
  "scripts/report.ts",
  "scripts/wss.ts",
];
