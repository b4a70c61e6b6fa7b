import { isReadable } from "../platform/moment";
import { isSealed, type SealedEntry } from "./chain";

/** How far a chain has been verified: the position and hash of the last valid entry; 0 and `""` before the first. */
export interface ChainPosition {
  readonly sequence: number;
  readonly hash: string;
}

export const chainStart: ChainPosition = { sequence: 0, hash: "" };

/** The first position at which a chain is not intact. */
export interface BrokenChain {
  readonly sequence: number;
  /** The entry that is at the position now; null if there is none. */
  readonly auditId: string | null;
  /**
   * `missing`: there is no entry, though a later one exists. `altered`: the entry is not the one that was sealed there.
   * `rewritten`: the entry fits the previous ones, but not the checkpoint. `cut`: the chain ends before the checkpoint.
   * `unsealed`: the chain ends here, and waiting entries should have been sealed by now.
   */
  readonly why: "missing" | "altered" | "rewritten" | "cut" | "unsealed";
}

/** Returns the next position of a chain, or how the chain is broken there. @param entry in the order of the chain */
export function followChain(
  position: ChainPosition,
  entry: SealedEntry & { readonly hash: string | null },
): ChainPosition | BrokenChain {
  const sequence = position.sequence + 1;
  if (entry.sequence !== sequence) return { sequence, auditId: null, why: "missing" };
  const { auditId, hash } = entry;
  // An entry whose time cannot be read was never sealed.
  if (!isReadable(entry.createdAt)) return { sequence, auditId, why: "altered" };
  if (hash === null || !isSealed(hash, position.hash, entry)) return { sequence, auditId, why: "altered" };
  return { sequence, hash };
}

/** Checks whether a chain that has reached this position contradicts a checkpoint. */
export function contradicts(
  checkpoint: ChainPosition,
  position: ChainPosition,
  auditId: string | null,
): BrokenChain | null {
  if (position.sequence !== checkpoint.sequence || position.hash === checkpoint.hash) return null;
  return { sequence: position.sequence, auditId, why: "rewritten" };
}

/** The chain has ended here, but the checkpoint proves that there were more entries. */
export function cutBefore(checkpoint: ChainPosition, position: ChainPosition): BrokenChain | null {
  if (position.sequence >= checkpoint.sequence) return null;
  return { sequence: position.sequence + 1, auditId: null, why: "cut" };
}

/** Entries that are not in the chain yet. */
export interface Waiting {
  readonly entries: number;
  /** The oldest entry that has waited longer than sealing takes, or whose time cannot be read. */
  readonly overdue: string | null;
  /** The oldest of all waiting entries. */
  readonly oldest: string | null;
}

/**
 * Decides whether entries that wait to be sealed are a problem, because it cannot be proven that they are unchanged. A
 * short wait is not a problem, unless there are no sealed entries: then nothing was verified.
 * @param position where the chain ended
 */
export function unsealedAfter(position: ChainPosition, waiting: Waiting): BrokenChain | null {
  const auditId = waiting.overdue ?? (position.sequence === 0 ? waiting.oldest : null);
  return auditId === null ? null : { sequence: position.sequence + 1, auditId, why: "unsealed" };
}
