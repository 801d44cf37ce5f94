/**
 * Colour for the terminal, and none where it would be noise. Knows no meaning of any colour.
 */
import type { World } from "./world.ts";

/** Wraps text in a colour, or returns it as it is. */
export interface Ink {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

/** Ink for stdout: colour on a terminal that knows it, unless NO_COLOR (https://no-color.org). */
export function inkFor(world: World): Ink {
  const wanted = world.isTerminal.stdout && !world.env("NO_COLOR") && world.env("TERM") !== "dumb";
  const paint = (code: number) => (text: string) => wanted ? `\x1b[${code}m${text}\x1b[0m` : text;
  return {
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    cyan: paint(36),
  };
}
