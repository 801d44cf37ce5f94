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
  /** Whether it is a file in which there was nothing when it was opened. */
  readonly isEmptyFile: boolean;
  close(): void;
}

/** Whether `output` is a standard stream, not a file. */
export function isStream(output: string): boolean {
  return output === "stdout" || output === "stderr";
}

/** Opens `stdout`, `stderr` or the file at that path, for appending. Throws `Deno.errors.*`. */
export function openOutput(output: string): AuditOutput {
  if (output === "stdout") return new StreamOutput(Deno.stdout);
  if (output === "stderr") return new StreamOutput(Deno.stderr);
  return new FileOutput(output);
}

class FileOutput implements AuditOutput {
  readonly isEmptyFile: boolean;
  readonly #file: Deno.FsFile;
  readonly #identity: string | null;
  /** Whether the last line there has no end: a gate was killed while it wrote it. */
  #isTorn: boolean;

  constructor(path: string) {
    // Only the owner may read who used what.
    this.#file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
    const { dev, ino, isFile, size } = this.#file.statSync();
    this.#identity = ino === null ? null : `${dev}:${ino}`;
    this.isEmptyFile = isFile && size === 0;
    this.#isTorn = isFile && size > 0 && !endsInLineFeed(path);
  }

  write(bytes: Uint8Array): number {
    if (this.#isTorn) {
      this.#file.writeSync(LINE_FEED);
      this.#isTorn = false;
    }
    return this.#file.writeSync(bytes);
  }

  isSameFile(other: AuditOutput): boolean {
    return other instanceof FileOutput && this.#identity === other.#identity;
  }

  close(): void {
    this.#file.close();
  }
}

const LINE_FEED = new Uint8Array([10]);

/** Whether the file at `path`, which is not empty, does; or cannot be read, so that nobody knows. */
function endsInLineFeed(path: string): boolean {
  try {
    using file = Deno.openSync(path);
    file.seekSync(-1, Deno.SeekMode.End);
    const last = new Uint8Array(1);
    return file.readSync(last) !== 1 || last[0] === LINE_FEED[0];
  } catch {
    return true;
  }
}

class StreamOutput implements AuditOutput {
  readonly isEmptyFile = false;
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
