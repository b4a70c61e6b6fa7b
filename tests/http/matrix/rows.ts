import type { Acme } from "./acme";
import { makesOf } from "./acme";
import {
  administers,
  administersOwn,
  administersThere,
  anybody,
  type Expected,
  everybody,
  founds,
  of,
  owns,
  ownsOwn,
  reads,
  readsThere,
  withWord,
  writesThere,
} from "./expected";

export interface Row {
  /** What the input says, where a procedure has more than one row. */
  readonly title?: string;
  /** A fresh object, and the input that names it. */
  readonly input: () => Promise<Record<string, unknown>>;
  readonly expected: Expected;
}

/** Every procedure about an organization and what is in it, with the answers that each caller is to have. */
export function rowsOf(where: Acme): Record<string, readonly Row[]> {
  const { acme, beta, place } = where;
  const makes = makesOf(where);
  const { name, application, credential, route, routeOf, apiKey, serviceAccount, gateway, provider } = makes;
  const nothing = async () => ({});

  return {
    "auth.session": [{ input: nothing, expected: anybody }],

    "organizations.one": [
      { title: "the caller's own", input: nothing, expected: everybody },
      { title: "by id", input: async () => ({ organizationId: acme.organizationId }), expected: reads },
    ],
    "organizations.list": [{ input: nothing, expected: everybody }],
    "organizations.update": [
      { title: "the caller's own", input: async () => ({ name: name() }), expected: administersOwn },
      {
        title: "by id",
        input: async () => ({ organizationId: acme.organizationId, name: name() }),
        expected: administers,
      },
    ],
    // Acme is the root organization: even its owner gets no further than 409.
    "organizations.delete": [
      { input: async () => ({ organizationId: acme.organizationId }), expected: { ...owns, owner: 409 } },
    ],

    "projects.create": [{ input: async () => ({ name: name() }), expected: of(403, 200, 200, 200, 200, 403) }],
    "projects.one": [{ input: async () => ({ projectId: (await place()).projectId }), expected: withWord(readsThere) }],
    // Whoever has a role at any project sees those.
    "projects.list": [
      {
        input: async () => {
          await place(); // with it the caller of one project has a role in one
          return {};
        },
        expected: { ...withWord(everybody), there: 200, elsewhere: 200 },
      },
    ],
    "projects.update": [
      { input: async () => ({ projectId: (await place()).projectId, name: name() }), expected: writesThere },
    ],
    "projects.delete": [{ input: async () => ({ projectId: (await place()).projectId }), expected: administersThere }],

    "environments.create": [
      { input: async () => ({ projectId: (await place()).projectId, name: name() }), expected: writesThere },
    ],
    "environments.one": [
      { input: async () => ({ environmentId: (await place()).environmentId }), expected: readsThere },
    ],
    "environments.list": [
      { title: "all", input: nothing, expected: everybody },
      { title: "of a project", input: async () => ({ projectId: (await place()).projectId }), expected: readsThere },
    ],
    "environments.update": [
      { input: async () => ({ environmentId: (await place()).environmentId, name: name() }), expected: writesThere },
    ],
    "environments.delete": [
      { input: async () => ({ environmentId: (await place()).environmentId }), expected: administersThere },
    ],

    "applications.create": [
      { input: async () => ({ environmentId: (await place()).environmentId, name: name() }), expected: writesThere },
    ],
    "applications.one": [
      { input: async () => ({ applicationId: await application() }), expected: withWord(readsThere) },
    ],
    "applications.list": [
      { title: "all", input: nothing, expected: withWord(everybody) },
      {
        title: "of an environment",
        input: async () => ({ environmentId: (await place()).environmentId }),
        expected: withWord(readsThere),
      },
    ],
    "applications.update": [
      {
        input: async () => ({ applicationId: await application(), access: "public-when-empty" }),
        expected: writesThere,
      },
    ],
    "applications.delete": [
      { input: async () => ({ applicationId: await application() }), expected: withWord(writesThere) },
    ],

    "security.create": [
      {
        input: async () => ({ applicationId: await application(), username: "ada" }),
        expected: withWord(writesThere),
      },
    ],
    "security.one": [{ input: async () => ({ securityId: await credential() }), expected: readsThere }],
    "security.list": [{ input: async () => ({ applicationId: await application() }), expected: readsThere }],
    "security.update": [
      { input: async () => ({ securityId: await credential(), username: "bob" }), expected: writesThere },
    ],
    "security.delete": [{ input: async () => ({ securityId: await credential() }), expected: writesThere }],

    "routes.create": [
      { input: async () => ({ applicationId: await application(), ...route() }), expected: writesThere },
    ],
    "routes.one": [{ input: async () => ({ routeId: (await routeOf()).routeId }), expected: readsThere }],
    "routes.list": [
      { title: "all", input: nothing, expected: everybody },
      { title: "of an application", input: async () => ({ applicationId: await application() }), expected: readsThere },
    ],
    "routes.update": [
      {
        input: async () => ({ routeId: (await routeOf()).routeId, pathPrefix: "/x" }),
        expected: withWord(writesThere),
      },
    ],
    "routes.delete": [{ input: async () => ({ routeId: (await routeOf()).routeId }), expected: writesThere }],

    "claims.list": [
      { title: "all", input: nothing, expected: everybody },
      { title: "on a gateway", input: async () => ({ gatewayId: acme.gatewayId }), expected: reads },
    ],
    "claims.release": [{ input: async () => ({ claimId: await makes.releasable() }), expected: administers }],

    "gateways.create": [
      {
        input: async () => ({ name: name(), address: "127.0.0.1:8100", probeAddress: "127.0.0.1:8101" }),
        expected: founds,
      },
    ],
    "gateways.one": [{ input: async () => ({ gatewayId: acme.gatewayId }), expected: reads }],
    "gateways.list": [{ input: nothing, expected: everybody }],
    "gateways.update": [
      { input: async () => ({ gatewayId: await gateway(), name: name() }), expected: owns },
      {
        title: "one that the stranger is allowed on",
        input: async () => ({ gatewayId: beta.gatewayId, name: name() }),
        expected: founds,
      },
    ],
    "gateways.delete": [{ input: async () => ({ gatewayId: await gateway() }), expected: owns }],

    "keys.create": [
      { input: async () => ({ name: name(), role: "viewer" }), expected: of(403, 200, 200, 200, 200, 403) },
      { title: "of an owner", input: async () => ({ name: name(), role: "owner" }), expected: ownsOwn },
      {
        title: "for a project",
        input: async () => ({ name: name(), role: "viewer", projectId: (await place()).projectId }),
        expected: writesThere,
      },
    ],
    "keys.one": [{ input: async () => ({ apiKeyId: await apiKey() }), expected: administers }],
    "keys.list": [
      { title: "all", input: nothing, expected: withWord(everybody) },
      {
        title: "of a project",
        input: async () => ({ projectId: (await place()).projectId }),
        expected: withWord(readsThere),
      },
    ],
    "keys.update": [{ input: async () => ({ apiKeyId: await apiKey(), name: name() }), expected: administers }],
    "keys.rotate": [{ input: async () => ({ apiKeyId: await apiKey() }), expected: administers }],
    "keys.revoke": [{ input: async () => ({ apiKeyId: await apiKey() }), expected: administers }],
    "keys.delete": [{ input: async () => ({ apiKeyId: await apiKey() }), expected: administers }],

    "serviceAccounts.create": [
      { input: async () => ({ name: name(), role: "viewer" }), expected: administersOwn },
      { title: "of an owner", input: async () => ({ name: name(), role: "owner" }), expected: ownsOwn },
    ],
    "serviceAccounts.one": [
      { input: async () => ({ serviceAccountId: await serviceAccount() }), expected: administers },
    ],
    "serviceAccounts.list": [{ input: nothing, expected: administersOwn }],
    "serviceAccounts.update": [
      { input: async () => ({ serviceAccountId: await serviceAccount(), name: name() }), expected: administers },
      {
        title: "to an owner",
        input: async () => ({ serviceAccountId: await serviceAccount(), role: "owner" }),
        expected: owns,
      },
    ],
    "serviceAccounts.delete": [
      { input: async () => ({ serviceAccountId: await serviceAccount() }), expected: administers },
    ],

    "providers.create": [
      {
        input: async () => ({ name: name(), issuer: "https://id.example.org", clientId: "portcullis" }),
        expected: ownsOwn,
      },
    ],
    "providers.one": [{ input: async () => ({ providerId: await provider() }), expected: administers }],
    "providers.list": [{ input: nothing, expected: administersOwn }],
    "providers.update": [{ input: async () => ({ providerId: await provider(), name: name() }), expected: owns }],
    "providers.delete": [{ input: async () => ({ providerId: await provider() }), expected: owns }],

    "members.one": [{ input: async () => ({ memberId: await makes.member() }), expected: withWord(reads) }],
    "members.list": [{ input: nothing, expected: withWord(everybody) }],
    "members.update": [
      { input: async () => ({ memberId: await makes.member(), role: "developer" }), expected: administers },
      { title: "to an owner", input: async () => ({ memberId: await makes.member(), role: "owner" }), expected: owns },
      {
        title: "of an owner",
        input: async () => ({ memberId: await makes.member("owner"), role: "viewer" }),
        expected: owns,
      },
    ],
    "members.setProjectRole": [
      {
        input: async () => ({
          memberId: await makes.member(),
          projectId: (await place()).projectId,
          role: "developer",
        }),
        expected: administers,
      },
    ],
    "members.delete": [
      { input: async () => ({ memberId: await makes.member() }), expected: administers },
      { title: "an owner", input: async () => ({ memberId: await makes.member("owner") }), expected: owns },
    ],

    "roles.create": [
      { input: async () => ({ name: name(), permissions: ["project:read"] }), expected: administersOwn },
      {
        title: "of an owner's word",
        input: async () => ({ name: name(), permissions: ["project:read", "organization:delete"] }),
        expected: ownsOwn,
      },
    ],
    "roles.one": [{ input: async () => ({ roleId: await makes.role() }), expected: reads }],
    "roles.list": [{ input: nothing, expected: everybody }],
    "roles.update": [
      { input: async () => ({ roleId: await makes.role(), name: name() }), expected: administers },
      {
        title: "to an owner's word",
        input: async () => ({ roleId: await makes.role(), permissions: ["organization:delete"] }),
        expected: owns,
      },
    ],
    "roles.delete": [{ input: async () => ({ roleId: await makes.role() }), expected: administers }],

    "invitations.create": [
      {
        input: async () => ({ email: `${name()}@example.org`.replace(" ", ""), role: "viewer" }),
        expected: administersOwn,
      },
      {
        title: "of an owner",
        input: async () => ({ email: `${name()}@example.org`.replace(" ", ""), role: "owner" }),
        expected: ownsOwn,
      },
    ],
    "invitations.list": [{ input: nothing, expected: administersOwn }],
    "invitations.delete": [{ input: async () => ({ invitationId: await makes.invitation() }), expected: administers }],

    "sync.status": [
      { title: "all", input: nothing, expected: everybody },
      { title: "of a gateway", input: async () => ({ gatewayId: acme.gatewayId }), expected: reads },
    ],
    "sync.wait": [
      {
        title: "for an application",
        input: async () => ({ applicationId: await application(), timeoutMs: 0 }),
        expected: readsThere,
      },
      {
        title: "for a change",
        input: async () => ({ changeId: (await routeOf()).sync.changeId, timeoutMs: 0 }),
        expected: reads,
      },
    ],

    "audit.one": [{ input: async () => ({ auditId: await makes.auditEntry() }), expected: withWord(administers) }],
    "audit.list": [{ input: nothing, expected: withWord(administersOwn) }],
    "audit.verify": [{ input: nothing, expected: withWord(administersOwn) }],
    "audit.checkpoint": [{ input: nothing, expected: withWord(administersOwn) }],
    "audit.installation.list": [{ input: nothing, expected: founds }],
    "audit.installation.verify": [{ input: nothing, expected: founds }],
    "audit.installation.checkpoint": [{ input: nothing, expected: founds }],
  };
}
