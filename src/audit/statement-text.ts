/** A signed statement about a chain: it reached this position, with this hash. */
export interface ChainStatement {
  readonly organizationId: string;
  readonly sequence: number;
  readonly hash: string;
  /** ISO 8601. */
  readonly at: string;
}

/** The text that a checkpoint's signature covers. */
export function checkpointText({ organizationId, sequence, hash, at }: ChainStatement): string {
  return JSON.stringify(["checkpoint", organizationId, sequence, hash, at]);
}

/**
 * The text that a removal's signature covers: retention removed everything up to this position, so many entries, at
 * this time.
 */
export function removalText(statement: ChainStatement & { readonly removed: number }): string {
  const { organizationId, sequence, hash, removed, at } = statement;
  return JSON.stringify(["removal", organizationId, sequence, hash, removed, at]);
}
