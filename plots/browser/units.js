/** Numbers for people. One text for tables, axes and legends, in the page and in the code that writes it. */

const NONE = "\u2013";

/** An exact count: 1234567 -> "1,234,567". */
export function count(value) {
  return value == null ? NONE : Math.round(value).toLocaleString("en-US");
}

/** A rate or another plain number with three or four digits: 0.25, 12.5, 1,234, "1.25 M". */
export function plain(value) {
  if (value == null) return NONE;
  const size = Math.abs(value);
  if (size >= 1e9) return `${trim(value / 1e9, 2)} G`;
  if (size >= 1e6) return `${trim(value / 1e6, 2)} M`;
  if (size >= 100) return count(value);
  return trim(value, size >= 10 ? 1 : 2);
}

/** Bytes in IEC units: 1536 -> "1.5 KiB". */
export function bytes(value) {
  if (value == null) return NONE;
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let scaled = value;
  let unit = 0;
  while (Math.round(scaled) >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${trim(scaled, scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2)} ${units[unit]}`;
}

/** Nanoseconds with the unit that fits: 850 -> "850 ns", 12500 -> "12.5 us". */
export function nanoseconds(value) {
  if (value == null) return NONE;
  const units = ["ns", "us", "ms", "s"];
  let scaled = value;
  let unit = 0;
  while (Math.round(scaled) >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${trim(scaled, scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2)} ${units[unit]}`;
}

/** Seconds of a run: 0.25 -> "0.25 s", 75 -> "1:15", 3700 -> "1:01:40". */
export function elapsed(seconds) {
  if (seconds == null) return NONE;
  if (seconds < 60) return `${trim(seconds, 3)} s`;
  const whole = Math.floor(seconds + 1e-6);
  const rest = trim(seconds - whole, 3).replace(/^-?0/, "");
  const two = (part) => String(part).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}${rest}`;
}

/** The time of day of a Unix time, in UTC: "14:03:22.250". */
export function clock(unixSeconds) {
  return new Date(unixSeconds * 1000).toISOString().slice(11, 23);
}

/** A share of 0..1: 0.0234 -> "2.3 %". */
export function percent(share) {
  if (share > 0 && share < 0.001) return "< 0.1 %";
  return share == null ? NONE : `${trim(share * 100, share < 0.1 ? 1 : 0)} %`;
}

/** At most `digits` decimals, without trailing zeros. */
function trim(value, digits) {
  return String(Number(value.toFixed(digits)));
}
