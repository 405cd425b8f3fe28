import { type Command, Option } from "commander";
import { path, pids, seconds } from "./values.ts";

/** Option groups with the same letters in every tool (docs/output.md). */

export const withTarget = (program: Command): Command =>
  program
    .optionsGroup("Target (one of -p, -g, -a, or -- COMMAND):")
    .option("-p, --pid <PID[,PID]>", "trace these processes, with all their threads", pids)
    .option("-f, --follow", "and the children they fork")
    .option("-g, --cgroup <PATH>", "trace the processes of a cgroup (v1 or v2)", path)
    .option("-a, --all", "trace all processes, busiest first");

export const withDuration = (program: Command): Command =>
  program.optionsGroup("Measurement:").option("-d, --duration <SECONDS>", "measure for so long", seconds);

export const withOutput = (program: Command): Command =>
  program
    .optionsGroup("Output:")
    .option("-T, --timestamp", "begin each row with the time")
    .option("-j, --json", "print records as NDJSON instead of tables")
    .option("--csv <FILE>", "write the samples as CSV", path)
    .option("--html <FILE>", "write a self-contained page with charts", path)
    .addOption(colorOption());

export const colorOption = (): Option =>
  new Option("--color <WHEN>", "colour on standard output")
    .choices(["auto", "always", "never"])
    .default("auto");

export const withRecording = (program: Command): Command =>
  program.option("-o, --output <DIR>", "record into a new directory, for report DIR", path);

export const withVerbose = (program: Command): Command =>
  program.option("-v, --verbose", "say which source was chosen and why");
