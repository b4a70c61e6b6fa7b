import { isReadable } from "../platform/moment";
import { isSealed, type SealedEntry } from "./chain";

/** How far a chain has been followed: the place of the last good entry and its hash; 0 and `""` before the first. */
export interface ChainPosition {
  readonly sequence: number;
  readonly hash: string;
}

export const chainStart: ChainPosition = { sequence: 0, hash: "" };

/** The first place where a chain is not what it was. */
export interface BrokenChain {
  readonly sequence: number;
  /** What stands there now; null where nothing does. */
  readonly auditId: string | null;
  /**
   * `missing`: no entry there, though one follows. `altered`: another one than was sealed there, or one that was moved.
   * `rewritten`: it fits those before it, and is not what the checkpoint says. `cut`: the chain ends before the checkpoint.
   * `unsealed`: the chain ends here, and what waits to follow should have been sealed by now.
   */
  readonly why: "missing" | "altered" | "rewritten" | "cut" | "unsealed";
}

/** The next place of a chain, or how it is broken there. @param entry in the order of the chain */
export function followChain(
  position: ChainPosition,
  entry: SealedEntry & { readonly hash: string | null },
): ChainPosition | BrokenChain {
  const sequence = position.sequence + 1;
  if (entry.sequence !== sequence) return { sequence, auditId: null, why: "missing" };
  const { auditId, hash } = entry;
  // Nothing was ever sealed with a time that cannot be read.
  if (!isReadable(entry.createdAt)) return { sequence, auditId, why: "altered" };
  if (hash === null || !isSealed(hash, position.hash, entry)) return { sequence, auditId, why: "altered" };
  return { sequence, hash };
}

/** Whether a chain that has come to this position is still the one that a checkpoint was made of. */
export function contradicts(
  checkpoint: ChainPosition,
  position: ChainPosition,
  auditId: string | null,
): BrokenChain | null {
  if (position.sequence !== checkpoint.sequence || position.hash === checkpoint.hash) return null;
  return { sequence: position.sequence, auditId, why: "rewritten" };
}

/** The chain has ended here, and the checkpoint knows of more. */
export function cutBefore(checkpoint: ChainPosition, position: ChainPosition): BrokenChain | null {
  if (position.sequence >= checkpoint.sequence) return null;
  return { sequence: position.sequence + 1, auditId: null, why: "cut" };
}

/** Entries that are not in the chain yet. */
export interface Waiting {
  readonly entries: number;
  /** The oldest of those that wait for longer than sealing takes, or whose time cannot be read. */
  readonly overdue: string | null;
  /** The oldest of all of them. */
  readonly oldest: string | null;
}

/**
 * Whether what waits to be sealed is a problem: nobody can say of those entries that they are what they were. A moment's
 * wait is none, unless it is all that there is: then nothing was verified.
 * @param position where the chain ended
 */
export function unsealedAfter(position: ChainPosition, waiting: Waiting): BrokenChain | null {
  const auditId = waiting.overdue ?? (position.sequence === 0 ? waiting.oldest : null);
  return auditId === null ? null : { sequence: position.sequence + 1, auditId, why: "unsealed" };
}
