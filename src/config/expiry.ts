/** When a key begins and ends: a date, or a time with its offset (RFC 3339). Knows no clock. */

/** How a date is written. */
export const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

/** RFC 3339 section 5.6, without leap seconds: nothing can be said to happen in one. */
const TIME =
  /^(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** How an end is written; not every text that fits is a day of the calendar. */
export const EXPIRY = new RegExp(`${DATE.source}|${TIME.source}`);

const DAY_MS = 86_400_000;

/**
 * The first millisecond since the epoch at which the key is refused, or null where `text` is
 * neither. A date counts to its end, UTC.
 */
export function parseExpiry(text: string): number | null {
  const midnight = parseDay(text);
  if (midnight !== null) return midnight + DAY_MS;
  const match = TIME.exec(text);
  const day = parseDay(match?.[1] ?? "");
  if (match === null || day === null) return null;
  const [, , hour, minute, second, fraction, sign, offsetHour, offsetMinute] = match;
  const offset = minutesMs(offsetHour ?? "0", offsetMinute ?? "0");
  return day + minutesMs(hour!, minute!) + Number(second) * 1000 +
    Number((fraction ?? "").padEnd(3, "0").slice(0, 3)) + (sign === "-" ? offset : -offset);
}

function minutesMs(hours: string, minutes: string): number {
  return (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** The beginning of the day `text`, UTC, in milliseconds since the epoch; null where it is none. */
export function parseDay(text: string): number | null {
  const match = DATE.exec(text);
  if (match === null) return null;
  const ms = Date.parse(`${text}T00:00:00.000Z`);
  // Date.parse reads 30 February as 2 March in some engines.
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text ? null : ms;
}
