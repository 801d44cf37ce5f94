/**
 * Where audit lines go: a file or a standard stream, as something that takes bytes. Files are written
 * synchronously, which is quick and leaves nothing under way. Standard streams are not: the reader of
 * a pipe may stop reading, and the gate must not stop with it. Knows no lines.
 */

/** An open output. */
export interface AuditOutput {
  /** Writes a first part of `bytes` and gives its length. Throws, or rejects, where it cannot. */
  write(bytes: Uint8Array): number | Promise<number>;
  /** Whether both write to the same file: a line begun in one can then be completed in the other. */
  isSameFile(other: AuditOutput): boolean;
  close(): void;
}

/** Opens `stdout`, `stderr` or the file at that path, for appending. Throws `Deno.errors.*`. */
export function openOutput(output: string): AuditOutput {
  if (output === "stdout") return new StreamOutput(Deno.stdout);
  if (output === "stderr") return new StreamOutput(Deno.stderr);
  return new FileOutput(output);
}

class FileOutput implements AuditOutput {
  readonly #file: Deno.FsFile;
  readonly #identity: string | null;

  constructor(path: string) {
    // Only the owner may read who used what.
    this.#file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
    const { dev, ino } = this.#file.statSync();
    this.#identity = ino === null ? null : `${dev}:${ino}`;
  }

  write(bytes: Uint8Array): number {
    return this.#file.writeSync(bytes);
  }

  isSameFile(other: AuditOutput): boolean {
    return other instanceof FileOutput && this.#identity === other.#identity;
  }

  close(): void {
    this.#file.close();
  }
}

class StreamOutput implements AuditOutput {
  readonly #stream: { write(bytes: Uint8Array): Promise<number> };

  constructor(stream: { write(bytes: Uint8Array): Promise<number> }) {
    this.#stream = stream;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#stream.write(bytes);
  }

  isSameFile(other: AuditOutput): boolean {
    return other instanceof StreamOutput && this.#stream === other.#stream;
  }

  /** The program's own streams stay open. */
  close(): void {}
}
