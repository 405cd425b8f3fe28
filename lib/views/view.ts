import type { FaultRecord } from "../metric/record.ts";

/** Something that shows or keeps the records of a run, as they come; pgfaultstat's, unless said otherwise. */
export interface View<Kind = FaultRecord> {
  take(record: Kind): void;
  /** All records of a moment have been taken: what belongs together can be shown. */
  flush?(): void;
  /** After the last record. */
  end(): void;
}
