/** Numbers for people: at most `width` characters where that is possible, units always said. */

/** 4096 -> "4.0K", 1536 MiB -> "1.5G": powers of 1024, as ps and free show them. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return "-";
  return scale(bytes, 1024, ["B", "K", "M", "G", "T", "P"]);
}

/** 950 -> "950n", 1700 -> "1.7u", 12_300_000 -> "12m", 2.5e9 -> "2.5s". */
export function formatNs(ns: number | null): string {
  if (ns === null) return "-";
  return scale(ns, 1000, ["n", "u", "m", "s"]);
}

/** Powers of two, as the edges of histograms are: 2048 -> "2K". */
export const formatBinary = (value: number): string =>
  scale(value, 1024, ["", "K", "M", "G", "T"]).replace(".0", "");

/** Digits as they are while they fit, then thousands: 123456 -> "123456", in 6 columns 1234567 -> "1.2M". */
export function formatCount(count: number | null, width = 15): string {
  if (count === null) return "-";
  const digits = String(Math.round(count));
  return digits.length <= width ? digits : scale(count, 1000, ["", "K", "M", "G", "T", "P"]);
}

/** Rates show what they are made of: 0.25, 31.4, 5210. */
export function formatRate(perSecond: number, width = 15): string {
  if (perSecond === 0) return "0";
  if (perSecond < 10) return perSecond.toFixed(2);
  if (perSecond < 1000) return perSecond.toFixed(1);
  return formatCount(perSecond, width);
}

export const formatShare = (share: number | null): string =>
  share === null ? "-" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;

/** With thousands separated, for prose: 1,234,567. */
export const formatDigits = (count: number | null): string =>
  count === null ? "unknown" : Math.round(count).toLocaleString("en-US");

/** Places behind the second that tell rows apart which come so often, seconds. */
export const placesFor = (interval: number): number =>
  interval >= 1 ? 0 : Math.min(3, Math.ceil(-Math.log10(interval)));

/** How wide formatClock() is. */
export const clockWidth = (places: number): number => (places === 0 ? 8 : 9 + places);

/** Local time of day, as %H:%M:%S, and so many places behind it, cut off. */
export function formatClock(unixSeconds: number, places = 0): string {
  const units = Math.floor(unixSeconds * 10 ** places + 1e-4);
  const date = new Date(Math.floor(units / 10 ** places) * 1000);
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((n) => String(n).padStart(2, "0"))
    .join(":");
  return places === 0 ? clock : `${clock}.${String(units % 10 ** places).padStart(places, "0")}`;
}

function scale(value: number, base: number, units: readonly string[]): string {
  let scaled = value;
  let unit = 0;
  // 999.6 would be shown as 1000: it belongs to the next unit
  while (unit < units.length - 1 && Math.round(scaled) >= base) {
    scaled /= base;
    unit += 1;
  }
  const text = unit > 0 && scaled < 9.95 ? scaled.toFixed(1) : String(Math.round(scaled));
  return `${text}${units[unit]}`;
}
