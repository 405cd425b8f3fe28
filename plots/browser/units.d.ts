/** Types of units.js for the code that writes the page. null is shown as a dash. */
type Known = number | null | undefined;

export function count(value: Known): string;
export function plain(value: Known): string;
export function bytes(value: Known): string;
export function nanoseconds(value: Known): string;
export function elapsed(seconds: Known): string;
export function clock(unixSeconds: number): string;
export function percent(share: Known): string;
