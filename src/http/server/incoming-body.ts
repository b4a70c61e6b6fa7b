import type { IncomingMessage } from "node:http";
import { Refusal } from "#src/platform/errors/refusal";
import type { ReachedBound } from "#src/platform/fair-share";
import type { BodyAccount } from "../body-memory";
import { type ArrivingBody, BodyAborted, Unreadable } from "../readable-request";

/** The minimum pace of an incoming body. */
export interface BodyPace {
  /** The grace period of every body in milliseconds, whatever its size. */
  readonly graceMs: number;
  /** The minimum average rate after the grace period, counted from the start of the body. */
  readonly bytesPerSecond: number;
}

export const defaultBodyPace: BodyPace = { graceMs: 10_000, bytesPerSecond: 16 * 1024 };

/**
 * Returns the body of a Node request, which is read on demand. The rest stays with the sender, except for a few
 * kilobytes that Node and the kernel buffer.
 * @param account counts the bytes in memory
 * @param begin called before the first byte is read, to send `100 Continue` to a caller that waits for it
 */
export function incomingBody(
  incoming: IncomingMessage,
  account: BodyAccount,
  pace: BodyPace,
  begin: () => void,
): ArrivingBody {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let isWhole = !hasBody(incoming);
  let began: number | null = null;

  /** Reads chunks until there are more than `limit` bytes, or until the end. */
  const take = (limit: number): Promise<void> =>
    new Promise((resolve, reject) => {
      began ??= performance.now();
      const dueAt = began + pace.graceMs;
      let timer: NodeJS.Timeout;
      const settle = (failure: Error | null) => {
        clearTimeout(timer);
        incoming.off("data", onData).off("end", onEnd).off("close", onClose).pause();
        if (failure === null) resolve();
        else reject(failure);
      };
      const expect = () => {
        clearTimeout(timer);
        const left = dueAt + (size / pace.bytesPerSecond) * 1_000 - performance.now();
        timer = setTimeout(() => settle(tooSlow()), Math.max(0, left));
      };
      const onData = (piece: Buffer) => {
        const reached = account.grow(piece.byteLength);
        if (reached !== null) {
          settle(noRoom(reached));
          return;
        }
        chunks.push(piece);
        size += piece.byteLength;
        if (size > limit) settle(null);
        else expect();
      };
      const onEnd = () => {
        isWhole = true;
        settle(null);
      };
      const onClose = () => settle(new BodyAborted("the caller went away before its body had arrived"));
      expect();
      incoming.on("data", onData).on("end", onEnd).on("close", onClose);
      if (incoming.destroyed) onClose();
      else incoming.resume();
    });

  return {
    read: async (limit) => {
      if (!isWhole && began === null) begin();
      if (!isWhole && size <= limit) await take(limit);
      return { bytes: Buffer.concat(chunks), isWhole: isWhole && size <= limit };
    },
    recognize: (organizationId) => {
      const reached = account.recognize(organizationId);
      if (reached !== null) throw noRoom(reached);
    },
  };
}

/** Returns whether the headers of a request announce a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

function tooSlow(): Unreadable {
  return new Unreadable("body_too_slow");
}

function noRoom(bound: ReachedBound): Refusal {
  return new Refusal("overloaded", { what: "request bodies in memory", bound });
}
