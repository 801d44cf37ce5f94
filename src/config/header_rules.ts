/**
 * What must hold between the headers of `upstream`: each is written by one side only, so that no
 * client can replace a credential or the caller's name, and what is read from outside can be sent.
 */
import { type Flaw, valueAt } from "./document.ts";
import { isHeaderValue } from "./header_name.ts";
import { secretKey } from "./references.ts";
import type { Path } from "./schema_place.ts";

/** One header of `upstream.headers` as the file names it, with its value read. */
export interface UpstreamHeader {
  readonly written: string;
  readonly name: string;
  readonly value: string | undefined;
}

/** The headers under `upstream.headers` of a file that may have other mistakes. */
export function upstreamHeaders(
  headers: unknown,
  secrets: ReadonlyMap<string, string>,
): UpstreamHeader[] {
  if (Array.isArray(headers)) return [];
  return Object.keys(Object(headers)).map((written) => ({
    written,
    name: written.toLowerCase(),
    value: secrets.get(secretKey(["upstream", "headers", written])),
  }));
}

/** Headers named twice and values that no header can hold. */
export function headerFlaws(headers: readonly UpstreamHeader[]): Flaw[] {
  const seen = new Set<string>();
  return headers.flatMap(({ written, name, value }): Flaw[] => {
    const path = ["upstream", "headers", written];
    const flaws: Flaw[] = [];
    if (seen.has(name)) {
      flaws.push({
        path,
        found: "a header that has been given before",
        expected: "each header once, whatever its letter case",
        atKey: true,
      });
    }
    seen.add(name);
    if (value !== undefined && !isHeaderValue(value)) {
      flaws.push({
        path,
        found: value === "" ? "an empty value" : "a value that no header can hold",
        expected: "printable ASCII without line breaks or surrounding spaces",
      });
    }
    return flaws;
  });
}

/** Headers that two sides would write. */
export function headerOwnerFlaws(upstream: unknown): Flaw[] {
  const own = new Set(Object.keys(Object(valueAt(upstream, ["headers"]))).map(lowerCase));
  const identity = lowerCase(valueAt(upstream, ["identity_header"]));
  const forwarded = valueAt(upstream, ["forward_headers"]);
  const named = (Array.isArray(forwarded) ? forwarded : []).map((name, index) => ({
    name: lowerCase(name),
    path: ["upstream", "forward_headers", index],
  }));
  return [
    ...named.filter(({ name }) => own.has(name)).map(setAlready),
    ...named.filter(({ name }) => name !== "" && name === identity).map(({ path }) => ({
      path,
      found: "the header of identity_header",
      expected: "a header that only clients set",
    })),
    ...(own.has(identity) ? [setAlready({ path: ["upstream", "identity_header"] })] : []),
  ];
}

function setAlready({ path }: { path: Path }): Flaw {
  return {
    path,
    found: "a header that upstream.headers sets",
    expected: "a header that upstream.headers does not set",
  };
}

function lowerCase(name: unknown): string {
  return typeof name === "string" ? name.toLowerCase() : "";
}
