/**
 * What the doctor looks at, each as a pure judgement of facts that others have gathered, with what to
 * do about it. Gathers nothing, prints nothing.
 */
import type { Config } from "../config/config.ts";
import type { Health, Trouble } from "../survey/health.ts";

/** One thing that was looked at. */
export interface Check {
  readonly about: "configuration" | "upstream" | "clock" | "listener" | "process";
  readonly level: "ok" | "warning" | "failed";
  readonly text: string;
  /** What to do about it, or null where nothing needs doing. */
  readonly advice: string | null;
}

/** Descriptors that the process may have open. */
export interface DescriptorLimit {
  readonly soft: number;
  readonly hard: number;
}

/** Whether the listener's port can be had. */
export type Port = "free" | "taken" | "forbidden";

const ok = (about: Check["about"], text: string): Check => ({
  about,
  level: "ok",
  text,
  advice: null,
});

const warning = (about: Check["about"], text: string, advice: string): Check => ({
  about,
  level: "warning",
  text,
  advice,
});

const failed = (about: Check["about"], text: string, advice: string): Check => ({
  about,
  level: "failed",
  text,
  advice,
});

/** Seconds by which two clocks may differ before expiry dates and logs become doubtful. */
const CLOCK_TOLERANCE_S = 60;

/** Before this the program was not written: the clock has not been set. */
const BUILT_MS = Date.UTC(2026, 0, 1);

const READABLE_BY_ALL = 0o004;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/** Who else may read the file, and who may put another in its place. Modes are null where there are none. */
export function fileChecks(
  path: string,
  mode: number | null,
  folderMode: number | null,
  config: Config,
): Check[] {
  const checks: Check[] = [];
  // Hashes may be seen; what goes to the upstream may not, unless it is a reference.
  if (
    mode !== null && (mode & READABLE_BY_ALL) !== 0 && config.secrets.upstreamHeaders.length > 0
  ) {
    checks.push(warning(
      "configuration",
      `${path} can be read by everybody on this machine, and upstream.headers is in it`,
      `chmod o-r ${path}, or write "file:/path" or \${NAME} there instead of what is secret`,
    ));
  }
  const isOpen = folderMode !== null && (folderMode & WRITABLE_BY_OTHERS) !== 0 &&
    (folderMode & STICKY) === 0;
  if (isOpen) {
    checks.push(warning(
      "configuration",
      `the folder of ${path} can be written by others, who could put another file in its place`,
      "chmod go-w on the folder",
    ));
  }
  return checks;
}

/** The upstream, as it answered. */
export function upstreamChecks(config: Config, health: Health): Check[] {
  const { url, transport } = config.upstream;
  if (!health.ok) {
    const target = health.location ?? "another place";
    const text = `${url}: ${TROUBLES[health.trouble]} (${health.detail})`;
    return [failed("upstream", text, remedy(health.trouble, transport, target))];
  }
  const revisions = health.revisions.join(" and ");
  const checks = [ok("upstream", `${url} answers and speaks ${revisions}`)];
  const { protocol, hostname } = new URL(url);
  if (protocol === "http:" && !isLocal(hostname)) {
    checks.push(warning(
      "upstream",
      `${url} is asked over plain HTTP: what tools are told and answer can be read on the way`,
      "use https, or a private network between the gate and the server",
    ));
  }
  return checks;
}

/** This machine's clock against plain reason and the upstream's. */
export function clockChecks(nowMs: number, health: Health): Check[] {
  const now = new Date(nowMs).toISOString().slice(0, 19) + "Z";
  if (nowMs < BUILT_MS) {
    return [failed("clock", `it is ${now} here`, "set the clock: keys expire by it")];
  }
  const theirs = health.ok ? health.dateMs : null;
  if (theirs === null) return [ok("clock", `${now}; the upstream tells no time to compare`)];
  const apart = Math.round(Math.abs(nowMs - theirs) / 1000);
  if (apart <= CLOCK_TOLERANCE_S) return [ok("clock", `${now}, as the upstream has it`)];
  return [warning(
    "clock",
    `${now}, which is ${apart} s from the upstream's`,
    "let both machines keep time (systemd-timesyncd, chrony)",
  )];
}

/** Where the gate listens. */
export function listenerChecks(config: Config, port: Port, hasTls: boolean): Check[] {
  const { hostname, port: number } = config.listen;
  const place = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${number}`;
  const checks: Check[] = [];
  if (port === "free") checks.push(ok("listener", `${place} is free`));
  if (port === "taken") {
    checks.push(warning(
      "listener",
      `${place} is taken: by the gate itself, if it is running`,
      'if it is not, stop the other program or choose another port in "listen"',
    ));
  }
  if (port === "forbidden") {
    checks.push(failed(
      "listener",
      `${place} may not be listened on`,
      "ports below 1024 need CAP_NET_BIND_SERVICE; the address must be this machine's",
    ));
  }
  if (!isLocal(hostname) && !hasTls) {
    checks.push(warning(
      "listener",
      `${place} can be reached from other machines, and keys travel over it in the clear`,
      'add "tls", or listen on "127.0.0.1:PORT" behind a proxy that has a certificate',
    ));
  }
  return checks;
}

/** What the process may hold open against what the configuration lets in. */
export function processChecks(config: Config, limit: DescriptorLimit | null): Check[] {
  // A client's connection and, while it is served, one to the upstream.
  const wanted = 2 * config.limits.connections;
  if (limit === null) return [ok("process", "how many descriptors it may open is not told here")];
  if (limit.soft >= wanted) return [ok("process", `${limit.soft} descriptors may be open`)];
  const advice = limit.hard >= wanted
    ? `ulimit -n ${wanted}, or LimitNOFILE=${wanted} in the systemd unit`
    : `LimitNOFILE=${wanted} in the systemd unit, or limits.connections: ${
      Math.floor(limit.soft / 2)
    }`;
  const text = `${limit.soft} descriptors may be open, but limits.connections ` +
    `(${config.limits.connections}) can take ${wanted}`;
  return [warning("process", text, advice)];
}

/** Handles that end with the process. */
export function secretChecks(hasSecret: boolean): Check[] {
  if (hasSecret) return [ok("configuration", "sessions outlive a restart: there is a secret")];
  return [warning(
    "configuration",
    "there is no secret: sessions, cursors and tasks of clients end when the gate restarts",
    'secret: "file:/etc/mcpgate/secret", made by: openssl rand -base64 32',
  )];
}

/** Reads `/proc/self/limits`; null where it is not such a text. */
export function descriptorLimit(text: string): DescriptorLimit | null {
  const [, soft, hard] = text.match(/^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m) ?? [];
  if (soft === undefined || hard === undefined) return null;
  const count = (word: string) => word === "unlimited" ? Infinity : Number(word);
  return { soft: count(soft), hard: count(hard) };
}

const TROUBLES: Readonly<Record<Trouble, string>> = {
  unreachable: "cannot be reached",
  timeout: "does not answer in time",
  broken: "breaks off or speaks no HTTP/1.1",
  redirect: "redirects, and the gate follows no redirect",
  credentials: "wants credentials",
  wrong_transport: "speaks MCP, but over the other transport",
  no_mcp: "answers, but not as an MCP server",
};

function remedy(trouble: Trouble, transport: "http" | "sse", target: string): string {
  switch (trouble) {
    case "unreachable":
      return "start the server; check host and port in upstream.url, and firewalls between";
    case "timeout":
      return "look at the server's own log; a slow one needs a longer upstream.timeout";
    case "broken":
      return "check that upstream.url has the right scheme and port, and the server's own log";
    case "redirect":
      return `if it can be trusted, put ${target} into upstream.url`;
    case "credentials":
      return 'upstream.headers: { Authorization: "Bearer ${UPSTREAM_TOKEN}" }';
    case "wrong_transport":
      return `upstream.transport: ${transport === "http" ? "sse" : "http"}`;
    case "no_mcp":
      return "check the path in upstream.url: most servers have /mcp, those of 2024-11-05 /sse";
  }
}

function isLocal(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || hostname === "[::1]" ||
    /^127(\.\d{1,3}){3}$/.test(hostname);
}
