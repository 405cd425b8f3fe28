import { fileURLToPath } from "node:url";

/** The project's root directory, without a trailing slash. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** A compiled C helper (helpers-c/NAME.c). */
export const helperPath = (name: string): string => `${ROOT}/build/${name}`;

/** A compiled program with a known answer (helpers-c/workload/NAME.c). */
export const workloadPath = (name: string): string => `${ROOT}/build/workload/${name}`;
