import type { Access, Intended, OpenedBy } from "./state";

/** What decides which visitors may reach an application, without its routes. */
export interface AccessState {
  /** A person closed it, or a restore did. Only an explicit act ends that. */
  readonly closedByHand: boolean;
  readonly access: Access;
  readonly openedBy: OpenedBy;
  readonly neverPublic: boolean;
  /** Every row of `security`, whether valid or not. */
  readonly credentials: readonly { readonly valid: boolean }[];
}

/**
 * Derives the intended response of an application to anonymous visitors.
 *
 * While an application is closed by hand, nothing else counts. Only an explicit act (`openedBy`) makes one public. If a credential has expired, or a value is unknown,
 * the application stays closed.
 */
export function intendedExposure(state: AccessState): Intended {
  if (state.closedByHand !== false) return "closed";
  if (state.credentials.some((credential) => credential.valid === true)) return "protected";
  const opened =
    state.access === "public-when-empty" &&
    state.credentials.length === 0 &&
    (state.openedBy === "create" || state.openedBy === "delete" || state.openedBy === "access") &&
    state.neverPublic === false;
  return opened ? "public" : "closed";
}
