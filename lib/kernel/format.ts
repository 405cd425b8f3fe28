import type { Paint } from "../term/color.ts";
import type { Capability } from "./capability.ts";

/** Under 80 columns. */
const WIDTH = 79;
const MARKS = { ok: ["✓", "green"], warn: ["!", "yellow"], fail: ["✗", "red"] } as const;

/** The table of doctor: a mark, a name and what was found; beneath it what is lost, and the command that helps. */
export function formatCapabilities(capabilities: readonly Capability[], paint: Paint): string {
  const nameWidth = Math.max(...capabilities.map(({ name }) => name.length));
  const indent = " ".repeat(nameWidth + 4);
  const lines = capabilities.flatMap(({ name, status, detail, loses, fix }) => {
    const [mark, style] = MARKS[status];
    const [first = "", ...rest] = wrap(detail, WIDTH - indent.length);
    return [
      `${paint(style, mark)} ${name.padEnd(nameWidth)}  ${first}`,
      ...rest.map((line) => indent + line),
      ...(loses === null ? [] : wrap(`loses: ${loses}`, WIDTH - indent.length).map((line) => indent + line)),
      // whole, so that it can be copied
      ...(fix === null ? [] : [`    fix: ${fix}`]),
    ];
  });
  return [...lines, "", formatCounts(capabilities)].join("\n");
}

function formatCounts(capabilities: readonly Capability[]): string {
  const count = (status: Capability["status"]): number =>
    capabilities.filter((c) => c.status === status).length;
  return `${count("ok")} work, ${count("warn")} with a loss, ${count("fail")} failed`;
}

/** Breaks at spaces; a longer word is broken where it must be. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).flatMap((w) => w.match(new RegExp(`.{1,${width}}`, "g")) ?? [])) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
