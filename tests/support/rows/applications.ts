import { applications } from "#drizzle/applications";
import { claims, routes } from "#drizzle/routes";
import { security } from "#drizzle/security";
import { newId } from "#src/platform/ids";
import { factoryOf } from "./factory";

export const applicationRows = factoryOf(applications, () => {
  const applicationId = newId("application");
  return {
    applicationId,
    name: "Application",
    slug: applicationId.replace("_", "-"),
    access: "protected" as const,
    createdAt: new Date(),
  };
});

export const credentialRows = factoryOf(security, () => ({
  securityId: newId("credential"),
  hashAlgorithm: "apr1" as const,
  createdAt: new Date(),
  passwordChangedAt: new Date(),
}));

export const claimRows = factoryOf(claims, () => ({ claimId: newId("claim"), createdAt: new Date() }));

/** A route without upstreams. */
export const routeRows = factoryOf(routes, () => ({
  routeId: newId("route"),
  upstreams: [],
  upstreamKeys: [] as string[],
  createdAt: new Date(),
}));
