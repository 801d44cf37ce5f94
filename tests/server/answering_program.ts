/** A program of its own that does nothing but answer 204 through our listener. */
import { listen } from "../../src/server/listener.ts";

const { port } = listen({
  hostname: "127.0.0.1",
  port: 0,
  onExchange: ({ reply }) => reply.send(204, [], null),
  log: { warn: (text) => console.error(text) },
});
console.error(`port ${port}`);
