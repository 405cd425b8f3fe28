/** What bpftrace says and works nevertheless: of limits, of symbols, of probes that it attaches. */
const IS_REMARK =
  /RLIMIT_MEMLOCK|available_filter_functions|__BPFTRACE_NOTIFY|WARNING: |^Error:\s*$|^Attach|^\{/;
const IS_ERROR = /ERROR: |FATAL: |error: /i;

/**
 * The line that says why a program failed, out of all that it printed: the last that calls itself an
 * error, since what came before led to it, else the first that is no mere remark. Null when it said
 * nothing. Position and "ERROR: " before the words are left out.
 */
export function causeIn(lines: readonly string[]): string | null {
  const said = lines.filter((line) => line.trim() !== "" && !IS_REMARK.test(line));
  const line = said.findLast((each) => IS_ERROR.test(each)) ?? said[0];
  return line?.replace(/^.*?(ERROR|FATAL): /, "").trim() ?? null;
}
