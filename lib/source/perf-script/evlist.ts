import type { EventKind } from "./options.ts";

/** One event of a recording, as `perf evlist -v` describes it. */
export interface RecordedEvent {
  name: string;
  kind: EventKind;
  /** "ADDR", "TIME", ...: what each of its samples has (PERF_SAMPLE_*). */
  sampleType: ReadonlySet<string>;
  /** One sample for so many events; 0 where it only keeps track of mappings. */
  period: number;
  /** Samples a second instead, the period changing all the time. */
  frequency: number | null;
  /** Faults in kernel mode are not in it. */
  userOnly: boolean;
}

/** tools/perf/util/perf_event_attr_fprintf.c; what is 0 is not printed. */
const LINE = /^(.*?): type: (\d+), size: \d+,(.*)$/;
const SOFTWARE = 1;
/** PERF_COUNT_SW_* of include/uapi/linux/perf_event.h. */
const KINDS = new Map<number, EventKind>([
  [2, "any"],
  [5, "minor"],
  [6, "major"],
]);

/** The events of a recording; lines that describe none are passed over. */
export function parseEvlist(text: string): RecordedEvent[] {
  return text.split("\n").flatMap((line) => parseEvlistLine(line) ?? []);
}

function parseEvlistLine(line: string): RecordedEvent | null {
  const found = LINE.exec(line);
  if (found === null) return null;
  const [, name = "", type, rest = ""] = found;
  const value = (attribute: string): string | undefined =>
    new RegExp(` ${attribute}: ([^,]+)`).exec(rest)?.[1];
  const kind = Number(type) === SOFTWARE ? KINDS.get(Number(value("config") ?? 0)) : undefined;
  // "{ sample_period, sample_freq }: 1": one field of the kernel's with two meanings
  const rate = Number(value("[^:]*sample_freq \\}") ?? value("sample_period") ?? 0);
  const byFrequency = value("freq") === "1";
  return {
    name,
    kind: kind ?? "other",
    sampleType: new Set(value("sample_type")?.split("|")),
    period: byFrequency ? 0 : rate,
    frequency: byFrequency ? rate : null,
    userOnly: value("exclude_kernel") === "1",
  };
}
