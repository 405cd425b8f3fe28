import Papa from "papaparse";
import type { MapRecord, RegionRecord, ServiceTime, TypeCounts } from "../../metric/map-record.ts";
import { FAULT_CLASSES } from "../../metric/record.ts";
import { OutputFile } from "../../views/file.ts";
import type { View } from "../../views/view.ts";

type Value = string | number | boolean | null;

interface Column {
  name: string;
  value: (region: RegionRecord) => Value;
}

const FIELDS = [
  "pid",
  "start",
  "end",
  "permissions",
  "kind",
  "path",
  "fileOffset",
  "name",
  "minor",
  "major",
  "pages",
  "touchedShare",
  "refaults",
  "pattern",
  "order",
  "stride",
  "confidence",
  "mappings",
  "vanished",
] as const satisfies readonly (keyof RegionRecord)[];

const TIMES = ["sumNs", "p50Ns", "p90Ns", "p99Ns", "maxNs"] as const satisfies readonly (keyof ServiceTime)[];

const ACCESSES = [
  "read",
  "write",
  "execute",
  "copyOnWrite",
  "unknown",
] as const satisfies readonly (keyof TypeCounts)[];

/** "minorP50Ns" */
const nameOfTime = (fault: string, time: string): string =>
  `${fault}${time[0]?.toUpperCase()}${time.slice(1)}`;

/** The columns, named as the fields of a region record are; those of -l and --types are empty without them. */
export const REGION_COLUMNS: readonly Column[] = [
  ...FIELDS.map((name): Column => ({ name, value: (region) => region[name] })),
  ...FAULT_CLASSES.flatMap((fault) =>
    TIMES.map(
      (time): Column => ({
        name: nameOfTime(fault, time),
        value: ({ latency }) => latency?.[fault][time] ?? null,
      }),
    ),
  ),
  ...ACCESSES.map((name): Column => ({ name, value: ({ types }) => types?.[name] ?? null })),
];

/** The regions as CSV; a value that could not be had is empty. @throws UserError when it cannot be opened */
export function regionsCsvView(path: string): View<MapRecord> {
  const file = new OutputFile(path);
  file.write(`${REGION_COLUMNS.map(({ name }) => name).join()}\n`);
  return {
    take: (record) => {
      if (record.type !== "region") return;
      const row = REGION_COLUMNS.map(({ value }) => value(record));
      file.write(`${Papa.unparse([row], { newline: "\n" })}\n`);
    },
    end: () => file.close(),
  };
}
