/** The strict reader against the ordinary messages of all revisions: none may be refused. */
import assert from "node:assert/strict";
import {
  enveloped,
  LEGACY_REQUESTS,
  MODERN_REQUESTS,
  NOTIFICATIONS,
  REPLIES,
} from "./ordinary_messages.ts";
import { readClient } from "./read_client.ts";

const SPELLINGS = [
  { name: "compact", write: (value: object) => JSON.stringify(value) },
  {
    name: "with spaces, as Python writes",
    write: (value: object) => JSON.stringify(value, null, 1),
  },
  {
    name: "with slashes escaped, as PHP writes",
    write: (value: object) => JSON.stringify(value).replaceAll("/", "\\/"),
  },
  {
    name: "with white space around",
    write: (value: object) => ` \r\n\t${JSON.stringify(value)}\n`,
  },
];

for (const { name, write } of SPELLINGS) {
  Deno.test(`readMessage takes every ordinary message as it is, ${name}`, () => {
    for (const message of [...LEGACY_REQUESTS, ...MODERN_REQUESTS]) {
      for (const id of [1, 0, -7, "", "a-b", Number.MAX_SAFE_INTEGER]) {
        const { params, ...call } = message;
        assert.deepEqual(
          readClient(write(enveloped(message, id))),
          { shape: "request", id, ...call, params: JSON.parse(JSON.stringify(params ?? {})) },
        );
      }
    }
    for (const message of NOTIFICATIONS) {
      assert.deepEqual(
        readClient(write(enveloped(message))),
        { shape: "notification", method: message.method, params: message.params ?? {} },
      );
    }
    for (const message of REPLIES) {
      const read = readClient(write(enveloped(message, "s-1")));
      assert.equal("shape" in read && read.shape, "reply", JSON.stringify(message));
    }
  });
}
