/** Whether it fits: the limits of the page of wss. */

import type { WssLimitRecord } from "../lib/metric/wss-limit-record.ts";
import { bytes, count, percent } from "./browser/units.js";
import { html } from "./text.ts";

function facts({ witnesses, ...limit }: WssLimitRecord): [string, string][] {
  const refaults =
    witnesses.refaultsOf === null
      ? count(null)
      : `${count(witnesses.refaultAnon)} anonymous, ${count(witnesses.refaultFile)} of files, of the whole ${witnesses.refaultsOf}`;
  return [
    ["Limit", `${bytes(limit.limit)}, ${limit.what}${limit.cgroup === null ? "" : ` of ${limit.cgroup}`}`],
    ["WSS high", bytes(limit.wssHigh)],
    ["RSS", `${bytes(limit.rss)}, ${bytes(limit.swap)} in swap`],
    ["Others", `${bytes(limit.others)} that cannot be dropped`],
    ["Headroom", limit.headroom < 0 ? `none: ${bytes(-limit.headroom)} too much` : bytes(limit.headroom)],
    ["Droppable", `${bytes(limit.droppable)} of ${bytes(limit.charged)} charged are pages of files`],
    ["Refaults", refaults],
    ["Major faults", count(witnesses.major)],
    ["Limit hit", witnesses.hits === null ? count(null) : `${count(witnesses.hits)} times`],
    ["OOM kills", count(witnesses.oomKills)],
    ["Pressure", witnesses.pressure === null ? percent(null) : `${percent(witnesses.pressure)} of the time`],
    [
      "Machine",
      `${bytes(limit.memAvailable)} available, ${bytes(limit.swapFree)} of ${bytes(limit.swapTotal)} swap free`,
    ],
  ];
}

export function limitSection(limits: readonly WssLimitRecord[]): string {
  if (limits.length === 0) return "";
  const parts = limits.map(
    (limit) => `<p class="balance ${limit.fits === "room" ? "ok" : "off"}">${html(limit.verdict)}</p>
<dl class="facts">${facts(limit)
      .map(([name, text]) => `<div><dt>${name}</dt><dd><bdi>${html(text)}</bdi></dd></div>`)
      .join("")}</dl>`,
  );
  return `<section><h2>Does it fit?</h2>${parts.join("\n")}</section>`;
}

export const LIMIT_TERMS: readonly (readonly [string, string])[] = [
  [
    "headroom",
    "The limit less the high bound of the working set and what others hold that cannot be dropped.",
  ],
  ["refault", "A page that was evicted and had to be brought back. A process that fits has next to none."],
];
