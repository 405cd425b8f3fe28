import type { Mapping } from "../../procfs/maps.ts";
import type { MmapEvent } from "../../source/stream/event.ts";

/** PROT_* and MAP_* of include/uapi/asm-generic/mman-common.h. */
const PROT = [1, 2, 4] as const;
const MAP_SHARED = 1;

/** What the stream tells of a mapping, as /proc/PID/maps has it. */
export function mappingOf(event: MmapEvent): Mapping {
  const letters = PROT.map((bit, i) => (event.protection & bit ? ("rwx"[i] ?? "-") : "-")).join("");
  return {
    start: event.start,
    end: event.end,
    permissions: `${letters}${event.flags & MAP_SHARED ? "s" : "p"}`,
    offset: event.inode === 0 ? 0 : event.offset,
    device: event.device,
    inode: event.inode,
    path: event.path === "//anon" ? "" : event.path,
  };
}
