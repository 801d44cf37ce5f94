/**
 * The sample MCP server's world: a handful of notes in memory, and the tools, prompt and resources
 * that offer them. Knows no transport and no gate.
 */

/** Any JSON object, as it comes from a client. */
export type Members = Readonly<Record<string, unknown>>;

/** Told while a slow tool works. */
export type Progress = (done: number, total: number, message: string) => void;

/** One tool. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** Its arguments, all of them required strings, with what they mean. */
  readonly takes: Readonly<Record<string, string>>;
  readonly hints: { readonly readOnlyHint: boolean; readonly destructiveHint: boolean };
  /** Whether the answer is a stream, so that progress is seen while the tool works. */
  readonly streams: boolean;
  /** Throws {@link ToolError} where the arguments lead nowhere. */
  run(given: Readonly<Record<string, string>>, progress: Progress): string | Promise<string>;
}

/** What a tool cannot do; told to the model. */
export class ToolError extends Error {}

/** The notes and everything a server offers about them. */
export interface Notebook {
  readonly notes: ReadonlyMap<string, string>;
  readonly tools: readonly Tool[];
}

const SAMPLES: readonly (readonly [string, string])[] = [
  ["welcome", "These notes live in the memory of the demo and end with it."],
  ["shopping", "Apples, bread, a new bicycle bell and three metres of rope."],
  ["gate", "A gate is a lock with good manners: it says why it stays shut."],
  ["ideas", "Bread that bakes itself. A bell for the gate. Shorter meetings."],
  ["plans", "Monday: write. Tuesday: rewrite. Wednesday: delete half of it."],
];

const READS = { readOnlyHint: true, destructiveHint: false };
const WRITES = { readOnlyHint: false, destructiveHint: false };
const DESTROYS = { readOnlyHint: false, destructiveHint: true };

/**
 * A fresh set of sample notes.
 *
 * @param pause Waits between the steps of the slow tool
 */
export function sampleNotebook(pause: () => Promise<void>): Notebook {
  const notes = new Map(SAMPLES);
  const read = (name: string) => {
    const text = notes.get(name);
    if (text !== undefined) return text;
    throw new ToolError(`There is no note ${name}. There are: ${[...notes.keys()].join(", ")}`);
  };
  const tools: Tool[] = [
    {
      name: "list_notes",
      description: "Names all notes.",
      takes: {},
      hints: READS,
      streams: false,
      run: () => [...notes.keys()].join("\n"),
    },
    {
      name: "read_note",
      description: "Returns the text of one note.",
      takes: { name: "The note's name" },
      hints: READS,
      streams: false,
      run: ({ name = "" }) => read(name),
    },
    {
      name: "search_notes",
      description: "Finds the notes that contain a word.",
      takes: { word: "What to look for" },
      hints: READS,
      streams: false,
      run({ word = "" }) {
        const hits = [...notes].filter(([, text]) =>
          text.toLowerCase().includes(word.toLowerCase())
        );
        return hits.map(([name, text]) => `${name}: ${text}`).join("\n") || "Nothing found.";
      },
    },
    {
      name: "slow_report",
      description: "Reads all notes, slowly, and reports progress while it does.",
      takes: {},
      hints: READS,
      streams: true,
      async run(_given, progress) {
        const names = [...notes.keys()];
        let words = 0;
        for (const [index, name] of names.entries()) {
          await pause();
          words += read(name).split(/\s+/).length;
          progress(index + 1, names.length, `read ${name}`);
        }
        await pause();
        return `${words} words in ${names.length} notes.`;
      },
    },
    {
      name: "write_note",
      description: "Writes a note, or writes over it.",
      takes: { name: "The note's name", text: "What shall stand there" },
      hints: WRITES,
      streams: false,
      run({ name = "", text = "" }) {
        if (notes.size >= 100 || name.length + text.length > 4096) {
          throw new ToolError("This notebook is a small one: 100 notes, 4096 letters each.");
        }
        notes.set(name, text);
        return `Written: ${name}.`;
      },
    },
    {
      name: "delete_notes",
      description: "Deletes every note. There is no way back.",
      takes: {},
      hints: DESTROYS,
      streams: false,
      run() {
        const count = notes.size;
        notes.clear();
        return `Deleted ${count} notes.`;
      },
    },
  ];
  return { notes, tools };
}
