import type {
  WssPointRecord,
  WssRegionRecord,
  WssSampleRecord,
  WssStartRecord,
} from "../metric/wss-record.ts";
import { type Column, printable } from "../term/table.ts";
import { clockWidth, formatBytes, formatClock, formatNs, formatShare, placesFor } from "../term/units.ts";

/** A reading of either kind. */
type Reading = Omit<Pick<WssSampleRecord, keyof WssSampleRecord & keyof WssPointRecord>, "type">;

const SIZE = 5;
const size = <Row>(title: string, value: (row: Row) => number): Column<Row> => ({
  title,
  width: SIZE,
  value: (row) => formatBytes(value(row)),
});

function timeColumn(interval: number): Column<Reading> {
  const places = placesFor(interval);
  return { title: "TIME", width: clockWidth(places), value: ({ time }) => formatClock(time, places) };
}
const PID: Column<Reading> = { title: "PID", width: 7, value: ({ pid }) => String(pid) };
const METHOD: Column<Reading> = {
  title: "METHOD",
  width: 10,
  align: "left",
  value: ({ method }) => method,
};
const BOUNDS = [
  size<Reading>("WSS", ({ wss }) => wss),
  size<Reading>("LOW", ({ wssLow }) => wssLow),
  size<Reading>("HIGH", ({ wssHigh }) => wssHigh),
];
const KINDS = [
  size<WssSampleRecord>("ANON", ({ anon }) => anon),
  size<WssSampleRecord>("FILE", ({ file }) => file),
];
const RSS = size<Reading>("RSS", ({ rss }) => rss);
const SHARES = [
  size<WssSampleRecord>("PSS", ({ pss }) => pss),
  size<WssSampleRecord>("SWAP", ({ swap }) => swap),
];
const RATIO: Column<Reading> = {
  title: "W/R",
  width: 5,
  value: ({ wss, rss }) => formatShare(rss > 0 ? wss / rss : null),
};
const COST: Column<Reading> = {
  title: "COST",
  width: SIZE,
  value: ({ costSeconds }) => formatNs(costSeconds * 1e9),
};

const EPOCH: Column<WssPointRecord> = { title: "EPOCH", width: 5, value: ({ epoch }) => String(epoch) };
const WINDOW: Column<WssPointRecord> = {
  title: "WINDOW",
  width: 6,
  value: ({ seconds }) => formatNs(seconds * 1e9),
};

/** Below 80 columns: where it takes much to say whose and when, PSS and SWAP give way. */
export function columnsFor({
  pids,
  follow,
  methods,
  interval,
}: Pick<WssStartRecord, "pids" | "follow" | "methods" | "interval">) {
  const several = follow || pids.length !== 1;
  const turns = methods.length > 1;
  const whose = [timeColumn(interval), ...(several ? [PID] : []), ...(turns ? [METHOD] : [])];
  const samples: Column<WssSampleRecord>[] = [
    ...whose,
    ...BOUNDS,
    ...KINDS,
    RSS,
    ...(turns && (several || interval < 1) ? [] : SHARES),
    RATIO,
    COST,
  ];
  const points: Column<WssPointRecord>[] = [...whose, EPOCH, WINDOW, ...BOUNDS, RSS, RATIO, COST];
  return { samples, points };
}

/** The mappings of a window. */
export const REGIONS: Column<WssRegionRecord>[] = [
  { title: "WSS", width: 14, value: ({ wss }) => formatBytes(wss) },
  { title: "LOW", width: SIZE, value: ({ wssLow }) => formatBytes(wssLow) },
  { title: "HIGH", width: SIZE, value: ({ wssHigh }) => formatBytes(wssHigh) },
  { title: "RSS", width: SIZE, value: ({ rss }) => formatBytes(rss) },
  { title: "MODE", width: 4, align: "left", value: ({ permissions }) => permissions },
  { title: "MAPPING", width: 40, align: "left", value: (region) => printable(labelOf(region), 40) },
];

const labelOf = ({ name, kind, start }: WssRegionRecord): string =>
  name === kind ? `${name} ${start.slice(2)}` : name;
