/**
 * `--reload`: after a change of the file, asks the gate that runs to read it, and says what came of
 * that. How it is asked is `reload_request.ts`'s.
 */
import type { Config } from "../config/config.ts";
import type { ReloadReport } from "./reload_request.ts";
import { tell } from "./usage.ts";
import { EXIT, type World } from "./world.ts";

/** The flag, the same in each command that changes the file. */
export const RELOAD_FLAG = { reload: { type: "boolean" } } as const;

/** The line about it in a command's help. */
export const RELOAD_FLAG_HELP =
  "  --reload            ask the gate that runs to read the file now, by its pid_file, else by\n" +
  '                      "systemctl reload mcpgate", and say what came of it\n';

/** What commands with the flag are lent. */
export interface Reloads {
  askReload(config: Config): Promise<ReloadReport>;
}

/** The end of a command that has changed `file`: its exit code and what came of the reload, if asked. */
export async function afterChange(
  world: World,
  file: string,
  config: Config,
  isAsked: boolean,
  { askReload }: Reloads,
): Promise<{ readonly code: number; readonly reload: ReloadReport | null }> {
  if (!isAsked) {
    tell(
      world,
      `a gate that runs reads ${file} after "kill -HUP PID" or "systemctl reload mcpgate"; ` +
        "--reload asks it to",
    );
    return { code: EXIT.done, reload: null };
  }
  const reload = await askReload(config);
  tell(world, reload.text);
  return { code: reload.ok ? EXIT.done : EXIT.failed, reload };
}
