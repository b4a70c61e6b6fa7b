import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Resource } from "#src/access/resource";
import { ownSession } from "#src/features/account/resource";
import { features } from "#src/features/all";
import { application } from "#src/features/applications/resource";
import { credential } from "#src/features/credentials/resource";
import { route } from "#src/features/routes/resource";
import { operationsOf } from "#src/operations/operations-of";
import { projectFolder } from "../support/test-database";

const wiki = application.read({
  applicationId: "app_1",
  organizationId: "org_1",
  environmentId: "env_1",
  environmentKind: "production",
  projectId: "prj_1",
  gatewayId: "gtw_1",
  name: "Wiki",
  slug: "wiki",
  access: "protected",
  openedBy: null,
  isClosed: false,
  hashAlgorithm: "apr1",
  hashCost: null,
  version: 1,
});
const ada = credential.read({ securityId: "sec_1", username: "ada", version: 1, application: wiki });
const admin = route.read({
  routeId: "rte_1",
  host: "wiki.example.org",
  pathPrefix: "/admin",
  version: 1,
  application: wiki,
});

test("the audit log names an object by its display name and identifies it by its own id (AUD)", () => {
  expect([application.nameOf(wiki), application.idOf(wiki)]).toEqual(["Wiki", "app_1"]);
  expect([credential.nameOf(ada), credential.idOf(ada)]).toEqual(["ada", "sec_1"]);
  expect([route.nameOf(admin), route.idOf(admin)]).toEqual(["wiki.example.org/admin", "rte_1"]);
});

test("an object without a name has no name in the audit log (AUD)", () => {
  expect(ownSession.nameOf({ sessionId: "ses_1", userId: "usr_1" })).toBeNull();
  expect(application.nameOf({ ...wiki, name: "" })).toBeNull();
});

test("an object that the database returns in an unexpected form is refused", () => {
  expect(() => application.read({ ...wiki, access: "open" })).toThrow();
  expect(() => credential.read({ securityId: "sec_1", username: "ada" })).toThrow();
});

/** Every kind of resource that an operation's input can name, found by passing each field to the operations. */
const resources = new Map<string, Resource<unknown>>();
for (const {
  operation: { access },
} of operationsOf(features)) {
  if (access.kind !== "permission") continue;
  for (const input of [{}, ...access.subject.fields.map((field) => ({ [field]: "x" }))]) {
    const named = access.subject.locate(input);
    if (named) resources.set(named.resource.kind, named.resource);
  }
}

test("the operations refer to exactly the known kinds of resource", () => {
  expect([...resources.keys()].sort()).toEqual([
    "apiKey",
    "application",
    "auditEntry",
    "change",
    "claim",
    "credential",
    "environment",
    "gateway",
    "invitation",
    "member",
    "organization",
    "passkey",
    "person",
    "project",
    "provider",
    "reach",
    "role",
    "route",
    "serviceAccount",
    "session",
  ]);
});

test.each([...resources.values()])(
  "the resource $kind has its own locating function in its own file",
  ({ locator }) => {
    const file = join(projectFolder, "drizzle/functions", `locate-${locator.replaceAll("_", "-")}.sql`);
    expect(readFileSync(file, "utf8")).toContain(`function portcullis_locate_${locator}(p_id text`);
  },
);

test("the parents of every resource end at an organization, or at an object of a person or the installation", () => {
  const chain = (resource: Resource<unknown>): string[] => [
    resource.kind,
    ...(resource.parent === null ? [] : chain(resource.parent)),
  ];
  expect(chain(credential)).toEqual(["credential", "application", "environment", "project", "organization"]);
  for (const resource of resources.values()) {
    const last = chain(resource).at(-1);
    expect(["organization", "person", "session", "passkey", "gateway", "reach"]).toContain(last);
  }
});
