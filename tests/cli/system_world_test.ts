/** The real files: replaced whole, with their mode, through links. */
import assert from "node:assert/strict";
import { systemFiles } from "../../src/cli/system_world.ts";

async function inFolder(test: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

Deno.test("replaceText puts the new text in the place of the old and leaves nothing beside it", async () => {
  await inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a.yaml`, "old");
    systemFiles.replaceText(`${folder}/a.yaml`, "new");
    assert.equal(systemFiles.readText(`${folder}/a.yaml`), "new");
    assert.deepEqual(names(folder), ["a.yaml"]);
  });
});

for (const mode of [0o600, 0o640, 0o666]) {
  Deno.test({
    name: `replaceText keeps the mode ${mode.toString(8)}`,
    ignore: Deno.build.os === "windows",
    fn: () =>
      inFolder((folder) => {
        Deno.writeTextFileSync(`${folder}/a.yaml`, "old");
        Deno.chmodSync(`${folder}/a.yaml`, mode);
        systemFiles.replaceText(`${folder}/a.yaml`, "new");
        assert.equal((Deno.statSync(`${folder}/a.yaml`).mode ?? 0) & 0o777, mode);
      }),
  });
}

Deno.test({
  name: "replaceText keeps a foreign owner",
  ignore: Deno.build.os === "windows" || Deno.uid() !== 0,
  fn: () =>
    inFolder((folder) => {
      Deno.writeTextFileSync(`${folder}/a.yaml`, "old");
      Deno.chownSync(`${folder}/a.yaml`, 65534, 65534);
      systemFiles.replaceText(`${folder}/a.yaml`, "new");
      const { uid, gid } = Deno.statSync(`${folder}/a.yaml`);
      assert.deepEqual([uid, gid], [65534, 65534]);
    }),
});

Deno.test({
  name: "replaceText writes through a symbolic link",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFolder((folder) => {
      Deno.writeTextFileSync(`${folder}/real.yaml`, "old");
      Deno.symlinkSync("real.yaml", `${folder}/link.yaml`);
      systemFiles.replaceText(`${folder}/link.yaml`, "new");
      assert.equal(Deno.readTextFileSync(`${folder}/real.yaml`), "new");
      assert.equal(Deno.lstatSync(`${folder}/link.yaml`).isSymlink, true);
      assert.deepEqual(names(folder), ["link.yaml", "real.yaml"]);
    }),
});

Deno.test("replaceText creates no file", async () => {
  await inFolder((folder) => {
    const replace = () => systemFiles.replaceText(`${folder}/a.yaml`, "new");
    assert.throws(replace, Deno.errors.NotFound);
    assert.deepEqual(names(folder), []);
  });
});

Deno.test("readText refuses what is not UTF-8", async () => {
  await inFolder((folder) => {
    Deno.writeFileSync(`${folder}/a.yaml`, Uint8Array.of(0x61, 0xff));
    assert.throws(() => systemFiles.readText(`${folder}/a.yaml`), TypeError);
  });
});

Deno.test("exists tells files that are there from those that are not", async () => {
  await inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a.yaml`, "");
    assert.equal(systemFiles.exists(`${folder}/a.yaml`), true);
    assert.equal(systemFiles.exists(`${folder}/b.yaml`), false);
  });
});
