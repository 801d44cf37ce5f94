/** What systemd is told and reads, at the sockets and streams that it would hand over. */
import assert from "node:assert/strict";
import { isJournal, systemdNotify } from "../../src/cli/systemd.ts";
import { tell, warn } from "../../src/cli/usage.ts";
import { ChildProgram } from "../support/child_program.ts";
import { inTime } from "../support/eventually.ts";
import { FixtureServer } from "../support/fixture_server.ts";
import { FROM_SOURCE, GateProcess, testKey } from "../support/gate_process.ts";
import { memoryWorld } from "./memory_world.ts";

/** A supervisor's end of the notification socket. */
class Supervisor implements AsyncDisposable {
  readonly path: string;
  readonly #folder = Deno.makeTempDirSync();
  readonly #socket: Deno.DatagramConn;

  constructor() {
    this.path = `${this.#folder}/notify`;
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path: this.path });
  }

  async next(): Promise<string> {
    const [bytes] = await inTime("a notice", this.#socket.receive(), 20_000);
    return new TextDecoder().decode(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

const fail = (text: string) => assert.fail(text);

Deno.test("systemdNotify sends what it is given, as one datagram", async () => {
  await using supervisor = new Supervisor();
  await systemdNotify(supervisor.path, fail)("READY=1\nSTATUS=well");
  assert.equal(await supervisor.next(), "READY=1\nSTATUS=well");
});

Deno.test("systemdNotify tells nobody where nobody listens", async () => {
  await systemdNotify(undefined, fail)("READY=1");
  await systemdNotify("", fail)("READY=1");
});

for (const path of ["/nowhere/notify", "@abstract"]) {
  Deno.test(`systemdNotify complains, and goes on, where it cannot reach ${path}`, async () => {
    const complaints: string[] = [];
    await systemdNotify(path, (text) => complaints.push(text))("READY=1\nSTATUS=well");
    assert.match(complaints.join(), /^systemd could not be told READY=1: /);
  });
}

Deno.test("serve tells systemd when it is ready, reloads and stops", async () => {
  await using supervisor = new Supervisor();
  await using server = new FixtureServer();
  const settings = {
    upstream: { url: server.url },
    keys: [testKey("one", { allow: ["echo"] }).entry],
  };
  const env = { NOTIFY_SOCKET: supervisor.path };
  await using gate = await GateProcess.start(settings, FROM_SOURCE, env);
  const status = (text: string) => `READY=1\nSTATUS=listening on ${gate.url}, generation ${text}`;
  assert.equal(await supervisor.next(), status("1"));
  await gate.reload({ ...settings, grace: "1s" });
  assert.equal(await supervisor.next(), "RELOADING=1");
  assert.equal(await supervisor.next(), status("2"));
  await gate.reloadText("keys: [");
  assert.equal(await supervisor.next(), "RELOADING=1");
  assert.equal(await supervisor.next(), status("2; the last reload was refused"));
  gate.terminate();
  assert.match(await supervisor.next(), /^STOPPING=1\n/);
  assert.equal(await gate.exited(), 0);
});

Deno.test("tell says to the journal how urgent each line is, and not who speaks", () => {
  const world = memoryWorld([], { journal: true });
  tell(world, "listening\non two lines");
  warn(world, "odd");
  tell(world, "broken", "error");
  assert.equal(world.err(), "<6>listening\n<6>on two lines\n<4>warning: odd\n<3>broken\n");
});

Deno.test("isJournal takes no stream for the journal that is not stderr itself", () => {
  for (const stream of [undefined, "", "1:2", "8:1:2"]) assert.equal(isJournal(stream), false);
});

Deno.test("the program speaks to the journal where JOURNAL_STREAM names its stderr", async () => {
  // The shell that starts it knows the file that becomes stderr: for systemd it is a socket.
  const script = 'JOURNAL_STREAM=$(stat -L -c "%d:%i" /dev/stderr) exec "$0" "$@"';
  await using child = await ChildProgram.start({
    command: "sh",
    args: ["-c", script, Deno.execPath(), "run", "-A", "--quiet", "src/main.ts", "frobnicate"],
  });
  assert.equal((await child.status).code, 2);
  assert.match(
    await child.stderr(),
    /^<3>unknown command "frobnicate"\n<3>See "mcpgate help"\.\n$/,
  );
});
