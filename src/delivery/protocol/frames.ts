/**
 * The maximum length of a line, in bytes. A longer one ends the connection, which limits the memory that a peer can
 * use.
 */
export const largestFrame = 64 * 1024 * 1024;

const newline = 0x0a;

/** A peer's message cannot be read, so the connection ends. */
export class BrokenFrame extends Error {
  override readonly name = "BrokenFrame";
}

/** Splits a stream of bytes into lines, independent of chunk boundaries. */
export class FrameReader {
  #parts: Buffer[] = [];
  #size = 0;

  constructor(private readonly most = largestFrame) {}

  /** @returns the lines that are complete now @throws BrokenFrame */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#keep(chunk.subarray(from, at));
      lines.push(this.#take());
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  #keep(part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.most) throw new BrokenFrame(`a message has more than ${this.most} bytes`);
    if (part.length > 0) this.#parts.push(part);
  }

  /** Decodes the line as a whole, because a chunk may end inside a character. */
  #take(): string {
    const line = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line);
    } catch {
      throw new BrokenFrame("a message is not UTF-8");
    }
  }
}

/**
 * Encodes one message as a line. JSON has no line break outside of its escapes.
 * @throws BrokenFrame if it is too large
 */
export function frameOf(message: unknown, most = largestFrame): Buffer {
  const frame = Buffer.from(`${JSON.stringify(message)}\n`);
  if (frame.length > most + 1) throw new BrokenFrame(`a message has more than ${most} bytes`);
  return frame;
}
