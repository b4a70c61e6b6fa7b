import type { LoadRequest } from "./http-load";
import type { SeededOrganization } from "./seed";

/** Requests for new credentials, of one organization and one application after the other. */
export function newCredentials(organizations: readonly SeededOrganization[]): () => LoadRequest {
  let made = 0;
  return () => {
    const number = made++;
    const organization = organizations[number % organizations.length];
    const turn = Math.floor(number / organizations.length);
    const application = organization?.applications[turn % organization.applications.length];
    if (organization === undefined || application === undefined) throw new Error("nothing was seeded");
    const { applicationId } = application;
    const input = { applicationId, username: `visitor-${number}`, password: passwordOf(number) };
    return { procedure: "security.create", headers: { "x-api-key": organization.key }, input };
  };
}

/** A password of a usual length. */
export const passwordOf = (number: number): string => `Sturdy-${String(number).padStart(6, "0")}-pw`;
