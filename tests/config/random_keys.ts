/**
 * Configurations as people write them: the same keys on lines or in brackets, with comments, blank
 * lines and quotes anywhere. Each line says whose it is, so that a test knows which must stay.
 */
import type { Random } from "../support/random.ts";

/** One of the hashes of a key. */
export interface HashModel {
  readonly hash: string;
  readonly created: string | null;
  readonly expires: string | null;
}

/** A key and how it is written. */
export interface KeyModel {
  readonly label: string;
  readonly hashes: readonly HashModel[];
  /** Written as `hash`; there is one then. */
  readonly isSingle: boolean;
  readonly expires: string | null;
  readonly allow: readonly string[];
}

/** A line of the text. */
export interface Line {
  readonly text: string;
  /** The label of the key it belongs to; null: nobody's, so that it has to stay. */
  readonly owner: string | null;
  /** The hash it belongs to. */
  readonly hash?: string;
}

/** A whole text. */
export interface KeysDocument {
  readonly lines: readonly Line[];
  readonly text: string;
  readonly newLine: string;
  readonly keys: readonly KeyModel[];
  /** Keys stand one below the other with dashes, and so no line is two keys'. */
  readonly hasDashes: boolean;
}

/** The day of the tests; what ends before it has ended. */
export const TODAY = Date.UTC(2026, 10, 25, 12);

const ENDS = [null, null, "2026-11-01", "2026-11-27", "2027-06-30T10:00:00Z", "2028-01-01"];
const QUOTES = [
  (text: string) => text,
  (text: string) => `"${text}"`,
  (text: string) => `'${text}'`,
];

/** A text of the generator's making. */
export function randomDocument(random: Random): KeysDocument {
  const writer = new Writer(random);
  const keys = Array.from({ length: 1 + random.below(4) }, (_, index) => randomKey(random, index));
  const hasDashes = random.chance(0.75);
  const newLine = random.chance(0.2) ? "\r\n" : "\n";
  const head = writer.noise("");
  const upstream = `upstream: { url: "http://localhost:9000/mcp" }${writer.remark()}`;
  const others = ["grace: 5s", "audit: { output: stderr }"].filter(() => random.chance(0.5))
    .map((text) => ({ text: text + writer.remark(), owner: null }));
  const list = hasDashes ? writer.dashes(keys) : writer.brackets(keys);
  const parts: Line[][] = [[{ text: upstream, owner: null }], list, others];
  const lines = [...head, ...random.shuffle(parts).flat()];
  // A comment at the end of the file that is set like an entry would be part of the last one.
  const end = random.chance(0.8) ? newLine : "";
  return {
    lines,
    text: lines.map(({ text }) => text).join(newLine) + end,
    newLine,
    keys,
    hasDashes,
  };
}

function randomKey(random: Random, index: number): KeyModel {
  const isSingle = random.chance(0.5);
  const count = isSingle ? 1 : 1 + random.below(4);
  return {
    label: `key-${index}`,
    isSingle,
    hashes: Array.from({ length: count }, (_, at) => ({
      hash: `${index}${at}`.padStart(64, "e"),
      created: random.chance(0.5) ? "2026-01-0" + (1 + at) : null,
      expires: isSingle ? null : random.pick(ENDS),
    })),
    expires: random.pick(ENDS),
    allow: random.pick([[], ["read_file"], ["a", "b_*"], ["#not a comment", "x: y"]]),
  };
}

class Writer {
  #remarks = 0;

  constructor(readonly random: Random) {}

  /** Blank lines and comments between other things. */
  noise(indent: string, owner: string | null = null): Line[] {
    return Array.from({ length: this.random.below(3) }, () => {
      const text = this.random.chance(0.4) ? "" : `${indent}# remark ${++this.#remarks}, [{ - }]`;
      return { text, owner };
    });
  }

  /** A comment beside something, or none. */
  remark(): string {
    return this.random.chance(0.3) ? `  # remark ${++this.#remarks}: "yes"` : "";
  }

  dashes(keys: readonly KeyModel[]): Line[] {
    const indent = " ".repeat(this.random.pick([0, 2, 4]));
    return [
      { text: `keys:${this.remark()}`, owner: null },
      ...keys.flatMap((key, index) => [
        ...this.noise(indent),
        ...this.#item(key, indent).map((line) => ({ owner: key.label, ...line })),
        // Deeper than the dash: inside the entry.
        ...(index < keys.length - 1 && this.random.chance(0.2)
          ? [{ text: `${indent}  # remark ${++this.#remarks}`, owner: key.label }]
          : []),
      ]),
    ];
  }

  brackets(keys: readonly KeyModel[]): Line[] {
    const quoted = this.random.chance(0.4);
    const items = keys.map((key) => this.#braces(key, quoted));
    if (this.random.chance(0.5)) {
      return [{ text: `keys: [${items.join(", ")}]${this.remark()}`, owner: "all" }];
    }
    const last = this.random.chance(0.5) ? "," : "";
    return [
      { text: `keys: [${this.remark()}`, owner: null },
      ...items.map((text, index) => ({
        text: `  ${text}${index < items.length - 1 ? "," : last}${this.remark()}`,
        owner: keys[index]?.label ?? null,
      })),
      { text: "]", owner: null },
    ];
  }

  #item(key: KeyModel, indent: string): Omit<Line, "owner">[] {
    if (this.random.chance(0.3)) {
      return [{ text: `${indent}- ${this.#braces(key, false)}${this.remark()}` }];
    }
    const inner = `${indent}  `;
    const members = this.random.shuffle([
      [{ text: `label: ${this.#scalar(key.label)}${this.remark()}` }],
      [{ text: `allow: ${JSON.stringify(key.allow)}${this.remark()}` }],
      ...(key.expires === null ? [] : [[{ text: `expires: ${key.expires}${this.remark()}` }]]),
      ...this.#proof(key, inner),
    ]);
    const lines = members.flatMap(([first, ...rest], index) => [
      ...(index === 0 ? [] : this.noise(inner, key.label)),
      { ...first, text: (index === 0 ? "" : inner) + (first?.text ?? "") },
      ...rest,
    ]);
    const [first, ...rest] = lines;
    return this.random.chance(0.2)
      ? [{ text: `${indent}-${this.remark()}` }, { ...first, text: inner + first?.text }, ...rest]
      : [{ ...first, text: `${indent}- ${first?.text}` }, ...rest];
  }

  /** The members that hold the hashes, each with the lines it takes. */
  #proof(key: KeyModel, inner: string): Omit<Line, "owner">[][] {
    const [first] = key.hashes;
    if (key.isSingle) {
      const created = first?.created ?? null;
      return [
        [{ text: `hash: ${this.#scalar(first?.hash ?? "")}${this.remark()}` }],
        ...(created === null ? [] : [[{ text: `created: ${created}${this.remark()}` }]]),
      ];
    }
    const items = key.hashes.map((each) => this.#hash(each));
    if (this.random.chance(0.3)) {
      return [[{ text: `hashes: [${items.join(", ")}]${this.remark()}` }]];
    }
    const indent = `${inner}${this.random.pick(["", "  "])}`;
    return [[
      { text: `hashes:${this.remark()}` },
      ...key.hashes.flatMap((each, index) => {
        const { hash } = each;
        if (this.random.chance(0.5)) {
          return [{ text: `${indent}- ${items[index]}${this.remark()}`, hash }];
        }
        const members = this.random.shuffle(this.#hashMembers(each));
        return members.map((text, at) => ({
          text: `${indent}${at === 0 ? "- " : "  "}${text}${this.remark()}`,
          hash,
        }));
      }),
    ]];
  }

  #hash(each: HashModel): string {
    return `{ ${this.random.shuffle(this.#hashMembers(each)).join(", ")} }`;
  }

  #hashMembers({ hash, created, expires }: HashModel): string[] {
    return [
      `hash: ${this.#scalar(hash)}`,
      ...(created === null ? [] : [`created: ${created}`]),
      ...(expires === null ? [] : [`expires: ${this.#scalar(expires)}`]),
    ];
  }

  #braces(key: KeyModel, quoted: boolean): string {
    const [first] = key.hashes;
    const name = (text: string) => quoted ? JSON.stringify(text) : text;
    const value = (text: string) => quoted ? JSON.stringify(text) : this.#scalar(text);
    const hash = ({ hash, created, expires }: HashModel) =>
      `{ ${
        Object.entries({ hash, created, expires }).flatMap(([member, text]) =>
          text === null ? [] : [`${name(member)}: ${value(text)}`]
        ).join(", ")
      } }`;
    const proof = key.isSingle
      ? [
        `${name("hash")}: ${value(first?.hash ?? "")}`,
        ...(first?.created ? [`${name("created")}: ${value(first.created)}`] : []),
      ]
      : [`${name("hashes")}: [${key.hashes.map(hash).join(", ")}]`];
    const members = this.random.shuffle([
      `${name("label")}: ${value(key.label)}`,
      `${name("allow")}: ${JSON.stringify(key.allow)}`,
      ...(key.expires === null ? [] : [`${name("expires")}: ${value(key.expires)}`]),
      ...proof,
    ]);
    return `{ ${members.join(", ")} }`;
  }

  #scalar(text: string): string {
    return this.random.pick(QUOTES)(text);
  }
}
