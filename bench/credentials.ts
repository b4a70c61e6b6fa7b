import type { LoadRequest } from "./http-load";
import type { SeededOrganization } from "./seed";

/** Requests that create credentials, in turn for each organization and each application. */
export function newCredentials(organizations: readonly SeededOrganization[]): () => LoadRequest {
  let created = 0;
  return () => {
    const number = created++;
    const organization = organizations[number % organizations.length];
    const turn = Math.floor(number / organizations.length);
    const application = organization?.applications[turn % organization.applications.length];
    if (organization === undefined || application === undefined) throw new Error("The seed contains no application");
    const { applicationId } = application;
    const input = { applicationId, username: `visitor-${number}`, password: passwordOf(number) };
    return { procedure: "security.create", headers: { "x-api-key": organization.key }, input };
  };
}

/** A password of typical length. */
export const passwordOf = (number: number): string => `Sturdy-${String(number).padStart(6, "0")}-pw`;
