import type { View } from "./view.ts";

/** Every record as one line of JSON. */
export const jsonView = <Kind>(line: (text: string) => void): View<Kind> => ({
  take: (record) => line(JSON.stringify(record)),
  end: () => undefined,
});
