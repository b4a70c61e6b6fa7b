import { isAllowed } from "#src/access/authorization";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { OpeningPreview, PreviewApplications } from "./contract";
import { openedByAccess, opensNothing, presentOpening } from "./rules";

/**
 * What a change of the access of several applications makes public, and the digest with which `applications.updateMany`
 * confirms it. It writes nothing.
 */
export const previewMany = operation(
  {
    name: "applications.previewMany",
    summary: "Show what another access of several applications would make public, with the digest that confirms it",
    permission: "application:update",
    on: caller,
    input: PreviewApplications,
    output: OpeningPreview,
    errors: [],
    rest: { method: "POST", path: "/applications/batch/preview" },
    type: "query",
  },
  async (authorized, { applicationIds, access }) => {
    const { organization, principal } = authorized;
    const { organizationId, neverPublic } = organization;
    const opens = access === "public-when-empty" && !neverPublic;
    const opening = opens
      ? await readAs(authorized, (tx) => openedByAccess(tx, organizationId, applicationIds))
      : opensNothing(organizationId);
    return presentOpening(opening, isAllowed(principal, organization, "route:read"));
  },
);
