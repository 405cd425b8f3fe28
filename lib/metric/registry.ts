import type { SampleRecord } from "./record.ts";

/** One value of a sample, as every export names it. */
export interface Metric {
  /** Column of the CSV. */
  name: string;
  unit: "seconds" | "faults" | "faults/s" | "bytes" | "ns" | "";
  /** Heading of charts and tables. */
  title: string;
  help: string;
  value: (sample: SampleRecord) => number | string | null;
}

const percentile = (fault: "minor" | "major", which: "p50Ns" | "p99Ns"): Metric => ({
  name: `${fault}${which[0]?.toUpperCase()}${which.slice(1)}`,
  unit: "ns",
  title: `${fault} fault latency ${which.slice(0, 3)}`,
  help: `${which.slice(1, 3)} of 100 ${fault} faults of the interval took less than this`,
  value: (sample) => sample.latency?.[fault][which] ?? null,
});

/** Each metric of a sample once: tables, CSV and pages take name, unit and help from here. */
export const SAMPLE_METRICS: readonly Metric[] = [
  {
    name: "time",
    unit: "seconds",
    title: "time",
    help: "Unix time of the interval's end",
    value: (s) => s.time,
  },
  {
    name: "seconds",
    unit: "seconds",
    title: "interval",
    help: "length of the interval",
    value: (s) => s.seconds,
  },
  { name: "pid", unit: "", title: "process", help: "process id", value: (s) => s.pid },
  { name: "tid", unit: "", title: "thread", help: "thread id, with -t", value: (s) => s.tid ?? null },
  { name: "comm", unit: "", title: "command", help: "name of the process or thread", value: (s) => s.comm },
  {
    name: "minor",
    unit: "faults",
    title: "minor faults",
    help: "page faults that found their page in memory",
    value: (s) => s.minor,
  },
  {
    name: "major",
    unit: "faults",
    title: "major faults",
    help: "page faults that waited for their page",
    value: (s) => s.major,
  },
  {
    name: "minorPerSecond",
    unit: "faults/s",
    title: "minor faults per second",
    help: "rate over the interval",
    value: (s) => s.minorPerSecond,
  },
  {
    name: "majorPerSecond",
    unit: "faults/s",
    title: "major faults per second",
    help: "rate over the interval",
    value: (s) => s.majorPerSecond,
  },
  {
    name: "rss",
    unit: "bytes",
    title: "resident set (RSS)",
    help: "memory of the process that is mapped and present",
    value: (s) => s.rss,
  },
  percentile("minor", "p50Ns"),
  percentile("minor", "p99Ns"),
  percentile("major", "p50Ns"),
  percentile("major", "p99Ns"),
];
