/** What is said of a chain, and signed: so far it reached, with this hash. */
export interface ChainStatement {
  readonly organizationId: string;
  readonly sequence: number;
  readonly hash: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What a checkpoint's signature is over. */
export function checkpointText({ organizationId, sequence, hash, at }: ChainStatement): string {
  return JSON.stringify(["checkpoint", organizationId, sequence, hash, at]);
}

/** What is signed of a removal: everything up to this place was taken out by retention, so many entries at this time. */
export function removalText(statement: ChainStatement & { readonly removed: number }): string {
  const { organizationId, sequence, hash, removed, at } = statement;
  return JSON.stringify(["removal", organizationId, sequence, hash, removed, at]);
}
