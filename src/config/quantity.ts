/**
 * Durations and sizes as people write them: `1m30s`, `64KiB`. Whole numbers only. Knows no bounds:
 * those belong to the option.
 */

/** How a duration is written. */
export const DURATION = /^(?=\d)(?:(\d{1,12})h)?(?:(\d{1,12})m)?(?:(\d{1,12})s)?(?:(\d{1,12})ms)?$/;

/** How a size is written. */
export const SIZE = /^(\d{1,15})(B|KiB|MiB|GiB)$/;

const UNIT_BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Milliseconds, or null where `text` is no duration. Units in order, each once: h, m, s, ms. */
export function parseDuration(text: string): number | null {
  const match = DURATION.exec(text);
  if (match === null) return null;
  const [hours, minutes, seconds, rest] = match.slice(1).map((part) => Number(part ?? 0));
  const ms = ((hours! * 60 + minutes!) * 60 + seconds!) * 1000 + rest!;
  return Number.isSafeInteger(ms) ? ms : null;
}

/** Bytes, or null where `text` is no size. */
export function parseSize(text: string): number | null {
  const match = SIZE.exec(text);
  if (match === null) return null;
  const bytes = Number(match[1]) * UNIT_BYTES[match[2] as keyof typeof UNIT_BYTES];
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** `ms` as a duration that {@link parseDuration} reads. */
export function durationText(ms: number): string {
  if (ms === 0) return "0s";
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** `bytes` as a size that {@link parseSize} reads. */
export function sizeText(bytes: number): string {
  for (const unit of ["GiB", "MiB", "KiB"] as const) {
    if (bytes !== 0 && bytes % UNIT_BYTES[unit] === 0) return `${bytes / UNIT_BYTES[unit]}${unit}`;
  }
  return `${bytes}B`;
}
