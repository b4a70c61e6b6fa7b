/** The owner of the tag that answered at the place of a removed route. */
export type TagOwner = "deny" | "route" | "unknown" | null;

export type RemovedRouteVerdict =
  | { readonly proven: true }
  | { readonly proven: false; readonly why: "still_there" | "let_in_by_foreign_router" | "not_denied" };

/**
 * Decides whether a response shows that a route is gone: its host answers with the deny of its claim or with another
 * route of this installation. On a host without a claim, any answer without a tag of this
 * installation is accepted.
 * @param claimed whether an organization still claims the host
 * @param isServed whether the status of the response says that the request was served
 */
export function checkRemovedRoute(owner: TagOwner, claimed: boolean, isServed: boolean): RemovedRouteVerdict {
  if (owner === "deny" || owner === "route") return { proven: true };
  if (owner === "unknown") return { proven: false, why: "still_there" };
  if (!claimed) return { proven: true };
  return { proven: false, why: isServed ? "let_in_by_foreign_router" : "not_denied" };
}
