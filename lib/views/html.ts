import { WholeFile } from "./file.ts";
import type { View } from "./view.ts";

/**
 * A page with charts, written once all records are there.
 *
 * @param render the document; null where there is nothing to show
 */
export function htmlView<Kind>(
  path: string,
  render: (records: readonly Kind[]) => string | null,
): View<Kind> {
  const file = new WholeFile(path);
  const records: Kind[] = [];
  return {
    take: (record) => void records.push(record),
    end: () => {
      const page = render(records);
      if (page !== null) file.finish(page);
    },
  };
}
