import type { View } from "./view.ts";

/** Every record as one line of JSON. */
export const jsonView = (line: (text: string) => void): View => ({
  take: (record) => line(JSON.stringify(record)),
  end: () => undefined,
});
