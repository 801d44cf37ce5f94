/**
 * Runs a generated test for a bounded number of rounds, each with a seed of its own, and says on
 * failure how to run just that round. `--rounds N` and `--seed N` behind `--`, or the variables
 * MCPGATE_FUZZ_ROUNDS and MCPGATE_FUZZ_SEED, ask for more or for others.
 */
import { Random } from "./random.ts";

/** Runs `round` with seeds `seed`, `seed + 1`, … */
export function fuzz(rounds: number, round: (random: Random) => void): void {
  for (const seed of seeds(rounds)) {
    try {
      round(new Random(seed));
    } catch (error) {
      throw failure(seed, error);
    }
  }
}

/** {@link fuzz} for rounds that wait, one after the other. */
export async function fuzzAsync(
  rounds: number,
  round: (random: Random) => Promise<void>,
): Promise<void> {
  for (const seed of seeds(rounds)) {
    try {
      await round(new Random(seed));
    } catch (error) {
      throw failure(seed, error);
    }
  }
}

function* seeds(rounds: number): Generator<number> {
  const first = setting("seed", 1);
  const last = first + setting("rounds", rounds);
  for (let seed = first; seed < last; seed++) yield seed;
}

function failure(seed: number, cause: unknown): Error {
  return new Error(`Failed with seed ${seed}; run again with: -- --seed ${seed} --rounds 1`, {
    cause,
  });
}

function setting(name: "rounds" | "seed", fallback: number): number {
  const flag = Deno.args.indexOf(`--${name}`);
  const text = flag >= 0 ? Deno.args[flag + 1] : Deno.env.get(`MCPGATE_FUZZ_${name.toUpperCase()}`);
  const number = Number(text ?? fallback);
  if (!Number.isSafeInteger(number)) throw new TypeError(`Not a whole number: ${text}`);
  return number;
}
