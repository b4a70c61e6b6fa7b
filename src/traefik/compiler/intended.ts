import type { Access, Intended, OpenedBy } from "./state";

/** What decides who may reach an application, without its routes. */
export interface AccessState {
  readonly access: Access;
  readonly openedBy: OpenedBy;
  readonly neverPublic: boolean;
  /** Every row of `security`, valid or not. */
  readonly credentials: readonly { readonly valid: boolean }[];
}

/**
 * What an application is meant to answer to anyone on the internet.
 *
 * Only an explicit act (`openedBy`) makes an application public: a credential that expired, or a value that is
 * none of the known ones, leaves it closed.
 */
export function intendedExposure(state: AccessState): Intended {
  if (state.credentials.some((credential) => credential.valid === true)) return "protected";
  const opened =
    state.access === "public-when-empty" &&
    state.credentials.length === 0 &&
    (state.openedBy === "create" || state.openedBy === "delete" || state.openedBy === "access") &&
    state.neverPublic === false;
  return opened ? "public" : "closed";
}
