/** What a figure is to reach, told beside it. A figure is a report and never a verdict on a change. */

/** The bar of one row. */
export interface Bar {
  /**
   * CPU time of a request, requests in a second, or what is added to the median latency, each as times
   * that of what stands beside it; or memory in KiB.
   */
  readonly of: "CPU" | "req/s" | "added p50" | "KiB";
  readonly limit: number;
}

/** `value` held against `bar`, as a cell: what is asked, and whether it is met. */
export function verdict(value: number, { of, limit }: Bar): string {
  if (!Number.isFinite(value)) return "-";
  const isLeast = of === "req/s";
  const isMet = isLeast ? value >= limit : value <= limit;
  const asked = of === "KiB" ? String(limit) : `${limit.toFixed(1)} x`;
  return `${of} ${isLeast ? ">=" : "<="} ${asked}: ${isMet ? "met" : "OVER"}`;
}
