/** The moment at which a key ends. */
import assert from "node:assert/strict";
import { parseExpiry } from "../../src/config/expiry.ts";

const EXPIRIES = [
  { text: "2027-01-31", at: "2027-02-01T00:00:00.000Z" },
  { text: "2027-12-31", at: "2028-01-01T00:00:00.000Z" },
  { text: "2028-02-29", at: "2028-03-01T00:00:00.000Z" },
  { text: "2027-02-29", at: null },
  { text: "2027-02-30", at: null },
  { text: "2027-13-01", at: null },
  { text: "2027-00-10", at: null },
  { text: "2027-1-31", at: null },
  { text: "27-01-31", at: null },
  { text: "+002027-01-31", at: null },
  { text: "2027-01-31T18:00:00Z", at: "2027-01-31T18:00:00.000Z" },
  { text: "2027-01-31t18:00:00z", at: "2027-01-31T18:00:00.000Z" },
  { text: "2027-01-31T18:00:00.5Z", at: "2027-01-31T18:00:00.500Z" },
  { text: "2027-01-31T18:00:00.123999Z", at: "2027-01-31T18:00:00.123Z" },
  { text: "2027-01-31T18:00:00+05:30", at: "2027-01-31T12:30:00.000Z" },
  { text: "2027-01-31T18:00:00-08:00", at: "2027-02-01T02:00:00.000Z" },
  { text: "2027-01-31T18:00:00", at: null },
  { text: "2027-01-31 18:00:00Z", at: null },
  { text: "2027-01-31T18:00Z", at: null },
  { text: "2027-01-31T24:00:00Z", at: null },
  { text: "2027-01-31T18:60:00Z", at: null },
  { text: "2027-01-31T23:59:60Z", at: null },
  { text: "2027-01-31T18:00:00+24:00", at: null },
  { text: "2027-02-30T18:00:00Z", at: null },
  { text: "tomorrow", at: null },
  { text: "", at: null },
];

for (const { text, at } of EXPIRIES) {
  Deno.test(`parseExpiry reads ${JSON.stringify(text)} as ${at}`, () => {
    assert.equal(parseExpiry(text), at === null ? null : Date.parse(at));
  });
}
