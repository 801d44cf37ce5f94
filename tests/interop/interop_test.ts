/**
 * Every scenario with every client that MCPGATE_INTEROP names by its language, the TypeScript ones
 * in any case: the others have to be built first, which `deno task interop` does.
 */
import { testNeeding } from "../support/absent.ts";
import { CLIENTS } from "./client.ts";
import { SCENARIOS } from "./scenario.ts";

const BUILT = ["typescript", ...(Deno.env.get("MCPGATE_INTEROP") ?? "").split(/\s+/)];

for (const client of CLIENTS) {
  const { language } = client;
  const need = {
    what: `its program; deno task interop ${language} builds it and runs this`,
    found: BUILT.includes(language) ? language : null,
  };
  for (const scenario of SCENARIOS) {
    if (scenario.isFor?.(client) === false) continue;
    testNeeding(need, `${client.name}: ${scenario.name}`, async () => {
      await scenario.play(client);
    });
  }
}
