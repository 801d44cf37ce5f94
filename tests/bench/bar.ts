/** What a figure is to reach, told beside it. A figure is a report and never a verdict on a change. */

/** The bar of one row: figures are times that of what stands beside it. */
export interface Bar {
  /** CPU time of a request, requests in a second, or what is added to the median latency. */
  readonly of: "CPU" | "req/s" | "added p50";
  readonly limit: number;
}

/** `value` held against `bar`, as a cell: what is asked, and whether it is met. */
export function verdict(value: number, { of, limit }: Bar): string {
  if (!Number.isFinite(value)) return "-";
  const isLeast = of === "req/s";
  const isMet = isLeast ? value >= limit : value <= limit;
  return `${of} ${isLeast ? ">=" : "<="} ${limit.toFixed(1)} x ${isMet ? "met" : "OVER"}`;
}
