/** Who stands behind the tag that the place of a removed route answered with. */
export type TagOwner = "deny" | "route" | "unknown" | null;

export type GoneProof =
  | { readonly proven: true }
  | { readonly proven: false; readonly why: "still_there" | "not_denied" };

/**
 * Whether an answer shows that a route is gone: its host answers with the deny of its claim or with another route of
 * ours. A host that nobody claims any more is nobody's: anything without a tag of ours will do.
 * @param claimed whether an organization still holds the host
 */
export function goneProof(owner: TagOwner, claimed: boolean): GoneProof {
  if (owner === "deny" || owner === "route") return { proven: true };
  if (owner === "unknown") return { proven: false, why: "still_there" };
  return claimed ? { proven: false, why: "not_denied" } : { proven: true };
}
