/**
 * Load by `wrk`: so many connections kept alive, one request again and again, for so many seconds,
 * where it is wanted with another id each time. An answer that is not 2xx fails the measurement; whether it says the right thing is asked once,
 * before.
 */

/** What is sent. */
export interface LoadRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether the id in {@link body} is {@link ID} as it stands there, or counts up. Default false. */
  readonly hasNewIds?: boolean;
}

/** The id that bodies are written with. */
export const ID = 7;

/** What came of it. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One run of the program at `wrk`. Throws where a request fails. */
export async function wrkLoad(
  wrk: string,
  request: LoadRequest,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const script = await Deno.makeTempFile({ suffix: ".lua" });
  try {
    await Deno.writeTextFile(script, luaOf(request));
    const { success, stdout, stderr } = await new Deno.Command(wrk, {
      args: [
        "--threads",
        "1",
        "--connections",
        String(connections),
        "--duration",
        `${seconds}s`,
        "--script",
        script,
        request.url,
      ],
    }).output();
    const text = new TextDecoder().decode(stdout);
    const report = /^REPORT (.*)$/m.exec(text)?.[1];
    if (!success || report === undefined) {
      throw new Error(`wrk failed: ${text}${new TextDecoder().decode(stderr)}`);
    }
    return resultOf(JSON.parse(report), request.url);
  } finally {
    await Deno.remove(script);
  }
}

interface Report {
  readonly requests: number;
  readonly micros: number;
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
}

function resultOf(report: Report, url: string): LoadResult {
  if (report.errors > 0) throw new Error(`${report.errors} requests to ${url} failed`);
  return {
    requests: report.requests,
    perSecond: report.requests / (report.micros / 1e6),
    p50Ms: report.p50 / 1000,
    p99Ms: report.p99 / 1000,
  };
}

/** `body` with a number of its own for each request. */
function luaOfIds(body: string): string {
  const place = `"id":${ID},`;
  const at = body.indexOf(place);
  if (at < 0) throw new TypeError(`No id to replace in ${body}`);
  return `
local before, after = [==[${body.slice(0, at)}"id":]==], [==[,${body.slice(at + place.length)}]==]
local id = 0
function request()
  id = id + 1
  return wrk.format(nil, nil, nil, before .. id .. after)
end
`;
}

function luaOf({ headers, body, hasNewIds = false }: LoadRequest): string {
  const lines = Object.entries(headers).map(([name, value]) =>
    `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`
  );
  return `
wrk.method = "POST"
wrk.body = [==[${body}]==]
${lines.join("\n")}
${hasNewIds ? luaOfIds(body) : ""}
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'REPORT {"requests":%d,"micros":%d,"p50":%d,"p99":%d,"errors":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}
