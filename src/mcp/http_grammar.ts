/**
 * The grammar of the HTTP fields that carry MCP, as pure functions over one value each. Total and
 * strict: what is not plainly right is wrong. Which values are allowed where is the door's business.
 */
import { isParamValue } from "./mcp_name.ts";

const HOST = /^(?:([A-Za-z0-9.-]+)|(\[[0-9A-Fa-f:.]{2,45}\]))(?::(\d{1,5}))?$/;
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/([^/]+)$/;
const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i;
const EVENT_TYPE = /^text\/event-stream(?:[ \t]*;[ \t]*charset=(?:utf-8|"utf-8"))?$/i;
const ACCEPT = /^[\x20-\x7e]{1,256}$/;
const VERSION = /^[\x21-\x7e]{1,64}$/;
const HANDLE = /^[\x21-\x7e]{1,1024}$/;
const PARAM_NAME = /^mcp-param-[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/;
const METHODS = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/;

/** A host, as `Host` and `Origin` name it. */
export interface HostName {
  /** Lower-case; an IPv6 address keeps its brackets. */
  readonly host: string;
  /** As sent, null where absent. */
  readonly port: number | null;
}

/** An origin: scheme, host and port, compared as a whole. */
export interface OriginName extends HostName {
  /** As sent; browsers write schemes in lower case. */
  readonly scheme: string;
}

/** What the value of `Host` names, or null where it is malformed. */
export function parseHost(value: string): HostName | null {
  const match = HOST.exec(value);
  if (match === null) return null;
  const port = match[3] === undefined ? null : Number(match[3]);
  if (port !== null && port > 65535) return null;
  return { host: (match[1] ?? match[2] ?? "").toLowerCase(), port };
}

/** What the value of `Origin` names, or null where it is malformed, `null` or several. */
export function parseOrigin(value: string): OriginName | null {
  const match = ORIGIN.exec(value);
  if (match === null) return null;
  const host = parseHost(match[2] ?? "");
  return host === null ? null : { scheme: match[1] ?? "", ...host };
}

/** Whether `Content-Type` says JSON in UTF-8, and nothing else. */
export function isJsonContentType(value: string): boolean {
  return JSON_TYPE.test(value);
}

/** Whether `Content-Type` says an event stream in UTF-8, and nothing else. */
export function isEventStreamContentType(value: string): boolean {
  return EVENT_TYPE.test(value);
}

/** Whether `Content-Encoding` leaves the body as it is. */
export function isPlainEncoding(value: string | null): boolean {
  return value === null || /^identity$/i.test(value);
}

/** Whether an `Accept` value may be passed on. */
export function isAccept(value: string): boolean {
  return ACCEPT.test(value);
}

/** Whether a `MCP-Protocol-Version` value is one revision's name, known or not. */
export function isProtocolVersion(value: string): boolean {
  return VERSION.test(value);
}

/** Whether a `Mcp-Session-Id` or `Last-Event-ID` value is one handle. */
export function isHandle(value: string): boolean {
  return HANDLE.test(value);
}

/** Whether `name` (lower-case) is that of a `Mcp-Param-*` field. */
export function isParamName(name: string): boolean {
  return PARAM_NAME.test(name);
}

export { isParamValue };

/** Whether an `Allow` value is a list of method tokens. */
export function isMethodList(value: string): boolean {
  return value.length <= 256 && METHODS.test(value);
}

/**
 * The path of a raw request target: all before the first `?`, not decoded and not normalised, to be
 * compared byte for byte.
 */
export function targetPath(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
