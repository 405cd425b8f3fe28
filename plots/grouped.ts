/** Records of each process, in their order. */
export function groupedByPid<Kind extends { pid: number }>(records: readonly Kind[]): Map<number, Kind[]> {
  const byPid = new Map<number, Kind[]>();
  for (const record of records) {
    const group = byPid.get(record.pid);
    if (group) group.push(record);
    else byPid.set(record.pid, [record]);
  }
  return byPid;
}
