import { given } from "#tests/support/world";
import type { Acme } from "./acme";
import { factoriesOf } from "./acme";
import {
  administers,
  administersInProject,
  administersOwn,
  anyRole,
  createsAnywhere,
  type Expected,
  everyCaller,
  owns,
  ownsOwn,
  ownsRoot,
  reads,
  readsInProject,
  statuses,
  withCustom,
  writesInProject,
} from "./expected";

export interface Row {
  /** Describes the input if a procedure has more than one row. */
  readonly title?: string;
  /** Creates a new object and returns the input that names it. */
  readonly input: () => Promise<Record<string, unknown>>;
  readonly expected: Expected;
}

/** Every procedure about an organization and its objects, with the expected status for each caller. */
export function rowsOf(fixture: Acme): Record<string, readonly Row[]> {
  const { acme, beta, newEnvironment } = fixture;
  const factories = factoriesOf(fixture);
  const { name, application, credential, route, routeOf, apiKey, serviceAccount, gateway, provider } = factories;
  const nothing = async () => ({});
  /** The project developer has a role in a project. */
  const somewhere = async () => {
    await newEnvironment();
    return {};
  };
  /** A person with a role in any project sees these projects. */
  const anywhere: Expected = { ...withCustom(anyRole), projectDeveloper: 200, otherProject: 200 };

  return {
    "auth.session": [{ input: nothing, expected: everyCaller }],

    "organizations.one": [
      { title: "the caller's own", input: nothing, expected: anyRole },
      { title: "by id", input: async () => ({ organizationId: acme.organizationId }), expected: reads },
    ],
    "organizations.create": [
      { input: async () => ({ name: name(), owner: `${name()}@example.org`.replace(" ", "") }), expected: ownsRoot },
    ],
    "organizations.list": [{ input: nothing, expected: anyRole }],
    "organizations.update": [
      { title: "the caller's own", input: async () => ({ name: name() }), expected: administersOwn },
      {
        title: "by id",
        input: async () => ({ organizationId: acme.organizationId, name: name() }),
        expected: administers,
      },
    ],
    "organizations.preview": [
      { title: "the caller's own", input: async () => ({ neverPublic: false }), expected: administersOwn },
      {
        title: "by id",
        input: async () => ({ organizationId: acme.organizationId, neverPublic: false }),
        expected: administers,
      },
    ],
    // Acme is the root organization, so even its owner gets 409.
    "organizations.delete": [
      { input: async () => ({ organizationId: acme.organizationId }), expected: { ...owns, owner: 409 } },
    ],

    "overview.get": [{ input: somewhere, expected: anywhere }],
    search: [
      {
        input: async () => {
          await newEnvironment();
          return { text: "project" };
        },
        expected: anywhere,
      },
    ],

    "applications.explain": [
      {
        input: async () => {
          await newEnvironment();
          return { host: "wiki.example.org", path: "/" };
        },
        expected: anywhere,
      },
    ],

    "projects.create": [{ input: async () => ({ name: name() }), expected: statuses(403, 200, 200, 200, 200, 403) }],
    "projects.one": [
      { input: async () => ({ projectId: (await newEnvironment()).projectId }), expected: withCustom(readsInProject) },
    ],
    "projects.list": [{ input: somewhere, expected: anywhere }],
    "projects.update": [
      {
        input: async () => ({ projectId: (await newEnvironment()).projectId, name: name() }),
        expected: writesInProject,
      },
    ],
    "projects.delete": [
      { input: async () => ({ projectId: (await newEnvironment()).projectId }), expected: administersInProject },
    ],

    "environments.create": [
      {
        input: async () => ({ projectId: (await newEnvironment()).projectId, name: name() }),
        expected: writesInProject,
      },
    ],
    "environments.one": [
      { input: async () => ({ environmentId: (await newEnvironment()).environmentId }), expected: readsInProject },
    ],
    "environments.list": [
      { title: "all", input: nothing, expected: anyRole },
      {
        title: "of a project",
        input: async () => ({ projectId: (await newEnvironment()).projectId }),
        expected: readsInProject,
      },
    ],
    "environments.update": [
      {
        input: async () => ({ environmentId: (await newEnvironment()).environmentId, name: name() }),
        expected: writesInProject,
      },
    ],
    "environments.delete": [
      {
        input: async () => ({ environmentId: (await newEnvironment()).environmentId }),
        expected: administersInProject,
      },
    ],

    "applications.create": [
      {
        input: async () => ({ environmentId: (await newEnvironment()).environmentId, name: name() }),
        expected: writesInProject,
      },
      {
        title: "in a new project",
        input: async () => ({ name: name(), project: { name: name() }, environment: { name: "Production" } }),
        expected: statuses(403, 200, 200, 200, 200, 403),
      },
    ],
    "applications.one": [
      { input: async () => ({ applicationId: await application() }), expected: withCustom(readsInProject) },
    ],
    "applications.list": [
      { title: "all", input: somewhere, expected: anywhere },
      {
        title: "of an environment",
        input: async () => ({ environmentId: (await newEnvironment()).environmentId }),
        expected: withCustom(readsInProject),
      },
      {
        title: "of a project",
        input: async () => ({ projectId: (await newEnvironment()).projectId }),
        expected: withCustom(readsInProject),
      },
    ],
    "applications.update": [
      {
        input: async () => {
          const opening = { applicationId: await application(), access: "public-when-empty" };
          const { digest } = await given(acme).ok<{ digest: string }>("applications.preview", opening);
          return { ...opening, confirm: digest };
        },
        expected: writesInProject,
      },
    ],
    "applications.preview": [
      {
        input: async () => ({ applicationId: await application(), access: "public-when-empty" }),
        expected: writesInProject,
      },
    ],
    "applications.previewMany": [
      {
        input: async () => ({ applicationIds: [await application()], access: "public-when-empty" }),
        expected: statuses(403, 200, 200, 200, 200, 403),
      },
    ],
    "applications.updateMany": [
      {
        title: "protecting",
        input: async () => ({ applicationIds: [await application()], access: "protected" }),
        expected: statuses(403, 200, 200, 200, 200, 403),
      },
      {
        // Strangers do not find the application, so nothing would become public, as the digest says.
        title: "opening with a confirmation",
        input: async () => {
          const opening = { applicationIds: [await application()], access: "public-when-empty" };
          const { digest } = await given(acme).ok<{ digest: string }>("applications.previewMany", opening);
          return { ...opening, confirm: digest };
        },
        expected: statuses(403, 200, 200, 200, 412, 403),
      },
    ],
    "applications.move": [
      {
        input: async () => {
          const { projectId, environmentId } = await newEnvironment();
          const { applicationId } = await given(acme).application({ environmentId, access: "protected" });
          const target = await given(acme).ok<{ environmentId: string }>("environments.create", {
            projectId,
            name: name(),
          });
          return { applicationId, environmentId: target.environmentId };
        },
        expected: writesInProject,
      },
    ],
    // It also needs to read credentials and routes.
    "applications.configuration": [
      { input: async () => ({ applicationId: await application() }), expected: readsInProject },
    ],
    "applications.close": [
      {
        input: async () => ({ applicationId: await application(), reason: "The password of ada has leaked." }),
        expected: writesInProject,
      },
    ],
    "applications.reopen": [
      {
        input: async () => {
          const applicationId = await application();
          await given(acme).ok("applications.close", { applicationId, reason: "The password of ada has leaked." });
          return { applicationId, reason: "ada has another password." };
        },
        expected: writesInProject,
      },
    ],
    "applications.delete": [
      { input: async () => ({ applicationId: await application() }), expected: withCustom(writesInProject) },
    ],

    "security.create": [
      {
        input: async () => ({ applicationId: await application(), username: "ada" }),
        expected: withCustom(writesInProject),
      },
    ],
    "security.createMany": [
      {
        input: async () => ({ applicationId: await application(), credentials: [{ username: "ada" }] }),
        expected: withCustom(writesInProject),
      },
    ],
    "security.import": [
      {
        input: async () => ({
          applicationId: await application(),
          htpasswd: "ada:$apr1$saltsalt$HIDXe7D36X22w1CH4M1cQ.",
        }),
        expected: withCustom(writesInProject),
      },
    ],
    "security.one": [{ input: async () => ({ securityId: await credential() }), expected: readsInProject }],
    "security.list": [
      {
        title: "of an application",
        input: async () => ({ applicationId: await application() }),
        expected: readsInProject,
      },
      {
        title: "of every application",
        input: async () => {
          await newEnvironment(); // gives the project developer a role in a project
          return {};
        },
        expected: { ...anyRole, projectDeveloper: 200, otherProject: 200 },
      },
    ],
    "security.update": [
      { input: async () => ({ securityId: await credential(), username: "bob" }), expected: writesInProject },
    ],
    "security.preview": [{ input: async () => ({ securityId: await credential() }), expected: writesInProject }],
    "security.delete": [{ input: async () => ({ securityId: await credential() }), expected: writesInProject }],

    "routes.create": [
      { input: async () => ({ applicationId: await application(), ...route() }), expected: writesInProject },
    ],
    "routes.one": [{ input: async () => ({ routeId: (await routeOf()).routeId }), expected: readsInProject }],
    "routes.list": [
      { title: "all", input: nothing, expected: anyRole },
      {
        title: "of an application",
        input: async () => ({ applicationId: await application() }),
        expected: readsInProject,
      },
    ],
    "routes.update": [
      {
        input: async () => ({ routeId: (await routeOf()).routeId, pathPrefix: "/x" }),
        expected: withCustom(writesInProject),
      },
    ],
    "routes.delete": [{ input: async () => ({ routeId: (await routeOf()).routeId }), expected: writesInProject }],

    "claims.list": [
      { title: "all", input: nothing, expected: anyRole },
      { title: "on a gateway", input: async () => ({ gatewayId: acme.gatewayId }), expected: reads },
    ],
    "claims.release": [{ input: async () => ({ claimId: await factories.releasable() }), expected: administers }],

    "hosts.suggest": [
      { title: "for any environment", input: async () => ({ name: name() }), expected: createsAnywhere },
      {
        title: "for an environment",
        input: async () => ({ name: name(), environmentId: (await newEnvironment()).environmentId }),
        expected: writesInProject,
      },
    ],
    "upstreams.check": [{ input: async () => ({ url: "http://169.254.169.254" }), expected: createsAnywhere }],

    "gateways.create": [
      {
        input: async () => ({ name: name(), address: "127.0.0.1:8100", probeAddress: "127.0.0.1:8101" }),
        expected: ownsRoot,
      },
    ],
    "gateways.one": [{ input: async () => ({ gatewayId: acme.gatewayId }), expected: reads }],
    "gateways.instructions": [{ input: async () => ({ gatewayId: acme.gatewayId }), expected: reads }],
    "gateways.list": [{ input: nothing, expected: anyRole }],
    "gateways.update": [
      { input: async () => ({ gatewayId: await gateway(), name: name() }), expected: owns },
      {
        title: "a gateway that the stranger may use",
        input: async () => ({ gatewayId: beta.gatewayId, name: name() }),
        expected: ownsRoot,
      },
    ],
    "gateways.delete": [{ input: async () => ({ gatewayId: await gateway() }), expected: owns }],

    "keys.create": [
      { input: async () => ({ name: name(), role: "viewer" }), expected: statuses(403, 200, 200, 200, 200, 403) },
      { title: "of an owner", input: async () => ({ name: name(), role: "owner" }), expected: ownsOwn },
      {
        title: "for a project",
        input: async () => ({ name: name(), role: "viewer", projectId: (await newEnvironment()).projectId }),
        expected: writesInProject,
      },
    ],
    "keys.one": [{ input: async () => ({ apiKeyId: await apiKey() }), expected: administers }],
    "keys.list": [
      { title: "all", input: nothing, expected: withCustom(anyRole) },
      {
        title: "of a project",
        input: async () => ({ projectId: (await newEnvironment()).projectId }),
        expected: withCustom(readsInProject),
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
    "providers.test": [{ input: async () => ({ providerId: await provider() }), expected: owns }],
    "providers.delete": [{ input: async () => ({ providerId: await provider() }), expected: owns }],

    "members.one": [{ input: async () => ({ memberId: await factories.member() }), expected: withCustom(reads) }],
    "members.list": [{ input: nothing, expected: withCustom(anyRole) }],
    "members.update": [
      { input: async () => ({ memberId: await factories.member(), role: "developer" }), expected: administers },
      {
        title: "to an owner",
        input: async () => ({ memberId: await factories.member(), role: "owner" }),
        expected: owns,
      },
      {
        title: "of an owner",
        input: async () => ({ memberId: await factories.member("owner"), role: "viewer" }),
        expected: owns,
      },
    ],
    "members.setProjectRole": [
      {
        input: async () => ({
          memberId: await factories.member(),
          projectId: (await newEnvironment()).projectId,
          role: "developer",
        }),
        expected: administers,
      },
    ],
    "members.delete": [
      { input: async () => ({ memberId: await factories.member() }), expected: administers },
      { title: "an owner", input: async () => ({ memberId: await factories.member("owner") }), expected: owns },
    ],

    "roles.create": [
      { input: async () => ({ name: name(), permissions: ["project:read"] }), expected: administersOwn },
      {
        title: "with an owner's permission",
        input: async () => ({ name: name(), permissions: ["project:read", "organization:delete"] }),
        expected: ownsOwn,
      },
    ],
    "roles.one": [{ input: async () => ({ roleId: await factories.role() }), expected: reads }],
    "roles.list": [{ input: nothing, expected: anyRole }],
    "roles.update": [
      { input: async () => ({ roleId: await factories.role(), name: name() }), expected: administers },
      {
        title: "to an owner's permission",
        input: async () => ({ roleId: await factories.role(), permissions: ["organization:delete"] }),
        expected: owns,
      },
    ],
    "roles.delete": [{ input: async () => ({ roleId: await factories.role() }), expected: administers }],

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
    "invitations.resend": [
      { input: async () => ({ invitationId: await factories.invitation() }), expected: administers },
    ],
    "invitations.delete": [
      { input: async () => ({ invitationId: await factories.invitation() }), expected: administers },
    ],

    "sync.status": [
      { title: "all", input: nothing, expected: anyRole },
      { title: "of a gateway", input: async () => ({ gatewayId: acme.gatewayId }), expected: reads },
    ],
    "proofs.list": [{ input: async () => ({ applicationId: await application() }), expected: readsInProject }],
    "sync.prove": [
      {
        input: async () => {
          await fixture.world.db.asOwner("delete from limits where key like 'proofs:%'");
          return { applicationId: await application() };
        },
        expected: readsInProject,
      },
    ],
    "sync.wait": [
      {
        title: "for an application",
        input: async () => ({ applicationId: await application(), timeoutMs: 0 }),
        expected: readsInProject,
      },
      {
        title: "for a change",
        input: async () => ({ changeId: (await routeOf()).sync.changeId, timeoutMs: 0 }),
        expected: reads,
      },
    ],

    "audit.one": [
      { input: async () => ({ auditId: await factories.auditEntry() }), expected: withCustom(administers) },
    ],
    "audit.list": [{ input: nothing, expected: withCustom(administersOwn) }],
    "audit.verify": [{ input: nothing, expected: withCustom(administersOwn) }],
    "audit.checkpoint": [{ input: nothing, expected: withCustom(administersOwn) }],
    "audit.installation.list": [{ input: nothing, expected: ownsRoot }],
    "audit.installation.verify": [{ input: nothing, expected: ownsRoot }],
    "audit.installation.checkpoint": [{ input: nothing, expected: ownsRoot }],
  };
}
