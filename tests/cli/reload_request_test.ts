/** Asking a gate that runs to reload: whom, and what is made of what it answers. */
import assert from "node:assert/strict";
import type { GateStatus, ReloadOutcome } from "../../src/cli/pid_file.ts";
import { requestReload, type RunningGates } from "../../src/cli/reload_request.ts";

const GATE = ["/usr/local/bin/mcpgate", "serve", "-c", "/etc/mcpgate/config.yaml"];
const SENT = 1_800_000_000_000;

function status(reloads: number, reload: ReloadOutcome | null = null, pid = 321): GateStatus {
  return { pid, generation: 1 + reloads, reloads, reload };
}

const outcome = (outcome: ReloadOutcome["outcome"], read_ms = SENT): ReloadOutcome => ({
  read_ms,
  outcome,
  text: `said ${outcome}`,
});

/** Gates of which `statuses` are seen, one at each look, the last for good. */
class Gates implements RunningGates {
  readonly signals: number[] = [];
  readonly unit: string[] = [];
  waitedMs = 0;
  #looks = 0;

  constructor(
    readonly statuses: readonly (GateStatus | null)[],
    readonly more: {
      readonly words?: readonly string[] | null;
      readonly active?: boolean | null;
      readonly complaint?: string | null;
      readonly fails?: Error;
    } = {},
  ) {}

  find(): Promise<GateStatus | null> {
    return Promise.resolve(this.status());
  }

  status(): GateStatus | null {
    return this.statuses[Math.min(this.#looks++, this.statuses.length - 1)] ?? null;
  }

  commandLine(): readonly string[] | null {
    return this.more.words === undefined ? GATE : this.more.words;
  }

  signal(pid: number): void {
    if (this.more.fails !== undefined) throw this.more.fails;
    this.signals.push(pid);
  }

  unitIsActive(): boolean | null {
    return this.more.active ?? null;
  }

  reloadUnit(): string | null {
    this.unit.push("reload");
    return this.more.complaint ?? null;
  }

  now(): number {
    return SENT;
  }

  wait(ms: number): Promise<void> {
    this.waitedMs += ms;
    return Promise.resolve();
  }
}

const ASKED: readonly {
  readonly name: string;
  readonly gates: Gates;
  readonly pidFile?: string | null;
  readonly ok: boolean;
  readonly outcome: string;
  readonly says: RegExp;
  readonly signals?: readonly number[];
}[] = [
  {
    name: "a gate that takes the file",
    gates: new Gates([status(0), status(0), status(1, outcome("reloaded"))]),
    ok: true,
    outcome: "reloaded",
    says: /^process 321: said reloaded$/,
    signals: [321],
  },
  {
    name: "a gate for which nothing has changed",
    gates: new Gates([status(4, outcome("reloaded")), status(5, outcome("unchanged"))]),
    ok: true,
    outcome: "unchanged",
    says: /said unchanged/,
    signals: [321],
  },
  {
    name: "a gate that refuses it",
    gates: new Gates([status(0), status(1, outcome("refused"))]),
    ok: false,
    outcome: "refused",
    says: /said refused/,
    signals: [321],
  },
  {
    name: "a gate that was reading the file as it was when the signal came",
    gates: new Gates([
      status(0),
      status(1, outcome("unchanged", SENT - 1)),
      status(2, outcome("reloaded", SENT + 5)),
    ]),
    ok: true,
    outcome: "reloaded",
    says: /said reloaded/,
    signals: [321],
  },
  {
    name: "a gate that does not answer",
    gates: new Gates([status(0)]),
    ok: false,
    outcome: "unanswered",
    says: /has not said within 30 s/,
    signals: [321],
  },
  {
    name: "a gate that ends",
    gates: new Gates([status(0), null]),
    ok: false,
    outcome: "unanswered",
    says: /was asked to reload, and ended/,
    signals: [321],
  },
  {
    name: "a gate that is exchanged for another",
    gates: new Gates([status(0), status(3, outcome("reloaded"), 322)]),
    ok: false,
    outcome: "unanswered",
    says: /process 321 was asked to reload, and ended/,
    signals: [321],
  },
  {
    name: "a process that is no gate",
    gates: new Gates([status(0)], { words: ["/usr/sbin/nginx", "-g", "daemon off;"] }),
    ok: false,
    outcome: "not_asked",
    says: /is no gate, so no signal was sent/,
  },
  {
    name: "a program of ours that does not serve",
    gates: new Gates([status(0)], { words: ["/usr/local/bin/mcpgate", "demo"] }),
    ok: false,
    outcome: "not_asked",
    says: /is no gate/,
  },
  {
    name: "a gate run from source",
    gates: new Gates([status(0), status(1, outcome("reloaded"))], {
      words: ["deno", "run", "--allow-all", "src/main.ts", "serve"],
    }),
    ok: true,
    outcome: "reloaded",
    says: /said reloaded/,
    signals: [321],
  },
  {
    name: "a gate where the system tells no command lines: its lock is enough",
    gates: new Gates([status(0), status(1, outcome("reloaded"))], { words: null }),
    ok: true,
    outcome: "reloaded",
    says: /said reloaded/,
    signals: [321],
  },
  {
    name: "a gate of somebody else's",
    gates: new Gates([status(0)], { fails: new Error("Operation not permitted") }),
    ok: false,
    outcome: "not_asked",
    says: /process 321 cannot be signalled: Operation not permitted/,
  },
  {
    name: "no gate, and no systemd",
    gates: new Gates([null]),
    ok: false,
    outcome: "not_asked",
    says: /no gate that runs has \/run\/gate\.pid, and there is no systemd to ask/,
  },
  {
    name: "no pid file, and a unit that is not active",
    gates: new Gates([null], { active: false }),
    pidFile: null,
    ok: false,
    outcome: "not_asked",
    says: /names no pid_file, and the unit mcpgate is not active/,
  },
  {
    name: "the unit, which does not tell what came of it",
    gates: new Gates([null], { active: true }),
    pidFile: null,
    ok: true,
    outcome: "asked",
    says: /journalctl -u mcpgate/,
  },
  {
    name: "a unit that cannot be reloaded",
    gates: new Gates([null], { active: true, complaint: "Access denied" }),
    pidFile: null,
    ok: false,
    outcome: "not_asked",
    says: /systemctl reload mcpgate failed: Access denied/,
  },
];

for (const { name, gates, pidFile = "/run/gate.pid", ok, outcome, says, signals = [] } of ASKED) {
  Deno.test(`requestReload asks ${name}`, async () => {
    const report = await requestReload(pidFile, gates);
    assert.deepEqual([report.ok, report.outcome], [ok, outcome], report.text);
    assert.match(report.text, says);
    assert.deepEqual(gates.signals, signals);
  });
}
