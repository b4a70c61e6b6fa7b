import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applications } from "#drizzle/applications";
import { changes } from "#drizzle/changes";
import { organizations } from "#drizzle/organizations";
import { security } from "#drizzle/security";
import type { CallResponse } from "#tests/support/call-response";
import { callConfirmed } from "#tests/support/confirmed";
import { insertEnvironment } from "#tests/support/environment";
import { lastRow, readRows, updateRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, openWorld, type World } from "#tests/support/world";

/**
 * Every way in which the number of an application's valid credentials is or becomes 0, and cases that only look
 * similar.
 */

type Access = "public-when-empty" | "protected";
type Row = "valid" | "expired";
type OpenedBy = "create" | "delete" | "access" | null;

interface Start {
  readonly access: Access;
  /** Rows of `security`, before the act. */
  readonly rows: readonly Row[];
  readonly openedBy: OpenedBy;
  /** Whether the organization has `neverPublic`. */
  readonly neverPublic?: boolean;
}

type Act =
  | { readonly delete: Row }
  | { readonly add: true }
  | { readonly access: Access }
  | { readonly rename: true }
  | { readonly algorithm: "bcrypt" }
  | { readonly newPassword: true }
  | { readonly time: "passes" }
  | { readonly nothing: true };

interface End {
  readonly intended: "public" | "protected" | "closed";
  readonly openedBy: OpenedBy;
  /** In the response; `undefined` if the response to the act has no such field. */
  readonly becamePublic?: boolean;
  readonly refused?: "never_public" | "credentials_exist";
}

const publicWhenEmpty = "public-when-empty";
const protectedAccess = "protected";
const refusedAsNeverPublic = { refused: "never_public" } as const;

const table: readonly (readonly [string, Start, Act, End])[] = [
  // the last row is deleted
  [
    "the last row is deleted",
    { access: publicWhenEmpty, rows: ["valid"], openedBy: null },
    { delete: "valid" },
    { intended: "public", openedBy: "delete", becamePublic: true },
  ],
  [
    "the last row is deleted",
    { access: protectedAccess, rows: ["valid"], openedBy: null },
    { delete: "valid" },
    { intended: "closed", openedBy: "delete", becamePublic: false },
  ],
  [
    "the last row is deleted",
    { access: publicWhenEmpty, rows: ["valid"], openedBy: null, neverPublic: true },
    { delete: "valid" },
    { intended: "protected", openedBy: null, ...refusedAsNeverPublic },
  ],
  [
    "the last row is deleted",
    { access: protectedAccess, rows: ["valid"], openedBy: null, neverPublic: true },
    { delete: "valid" },
    { intended: "closed", openedBy: "delete", becamePublic: false },
  ],
  [
    "the last row, which had expired, is deleted",
    { access: publicWhenEmpty, rows: ["expired"], openedBy: null },
    { delete: "expired" },
    { intended: "public", openedBy: "delete", becamePublic: true },
  ],
  [
    "the last row, which had expired, is deleted",
    { access: protectedAccess, rows: ["expired"], openedBy: null },
    { delete: "expired" },
    { intended: "closed", openedBy: "delete", becamePublic: false },
  ],
  [
    "the last row, which had expired, is deleted",
    { access: publicWhenEmpty, rows: ["expired"], openedBy: null, neverPublic: true },
    { delete: "expired" },
    { intended: "closed", openedBy: null, ...refusedAsNeverPublic },
  ],
  // a row is deleted, and others remain
  [
    "one of two rows is deleted",
    { access: publicWhenEmpty, rows: ["valid", "valid"], openedBy: null },
    { delete: "valid" },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "one of two rows is deleted",
    { access: publicWhenEmpty, rows: ["valid", "valid"], openedBy: null, neverPublic: true },
    { delete: "valid" },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "the last valid row is deleted, an expired row remains",
    { access: publicWhenEmpty, rows: ["valid", "expired"], openedBy: null },
    { delete: "valid" },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "the last valid row is deleted, an expired row remains",
    { access: protectedAccess, rows: ["valid", "expired"], openedBy: null },
    { delete: "valid" },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "the last valid row is deleted, an expired row remains",
    { access: publicWhenEmpty, rows: ["valid", "expired"], openedBy: null, neverPublic: true },
    { delete: "valid" },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "an expired row is deleted, a valid row remains",
    { access: publicWhenEmpty, rows: ["valid", "expired"], openedBy: null },
    { delete: "expired" },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "one of two expired rows is deleted",
    { access: publicWhenEmpty, rows: ["expired", "expired"], openedBy: null },
    { delete: "expired" },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  // time passes
  [
    "the last valid row expires",
    { access: publicWhenEmpty, rows: ["valid"], openedBy: null },
    { time: "passes" },
    { intended: "closed", openedBy: null },
  ],
  [
    "the last valid row expires",
    { access: protectedAccess, rows: ["valid"], openedBy: null },
    { time: "passes" },
    { intended: "closed", openedBy: null },
  ],
  [
    "both rows expire",
    { access: publicWhenEmpty, rows: ["valid", "valid"], openedBy: null },
    { time: "passes" },
    { intended: "closed", openedBy: null },
  ],
  [
    "the last valid row expires",
    { access: publicWhenEmpty, rows: ["valid"], openedBy: null, neverPublic: true },
    { time: "passes" },
    { intended: "closed", openedBy: null },
  ],
  // the access setting changes
  [
    "access becomes public-when-empty, no row was ever there",
    { access: protectedAccess, rows: [], openedBy: "create" },
    { access: publicWhenEmpty },
    { intended: "public", openedBy: "access", becamePublic: true },
  ],
  [
    "access becomes public-when-empty, the rows were deleted",
    { access: protectedAccess, rows: [], openedBy: "delete" },
    { access: publicWhenEmpty },
    { intended: "public", openedBy: "access", becamePublic: true },
  ],
  [
    "access becomes public-when-empty, no row was ever there",
    { access: protectedAccess, rows: [], openedBy: "create", neverPublic: true },
    { access: publicWhenEmpty },
    { intended: "closed", openedBy: "create", ...refusedAsNeverPublic },
  ],
  [
    "access becomes public-when-empty with a credential",
    { access: protectedAccess, rows: ["valid"], openedBy: null },
    { access: publicWhenEmpty },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "access becomes public-when-empty with a credential",
    { access: protectedAccess, rows: ["valid"], openedBy: null, neverPublic: true },
    { access: publicWhenEmpty },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "access becomes public-when-empty with only an expired row",
    { access: protectedAccess, rows: ["expired"], openedBy: null },
    { access: publicWhenEmpty },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "access of a public application becomes protected",
    { access: publicWhenEmpty, rows: [], openedBy: "create" },
    { access: protectedAccess },
    { intended: "closed", openedBy: "create", becamePublic: false },
  ],
  [
    "access becomes protected with a credential",
    { access: publicWhenEmpty, rows: ["valid"], openedBy: null },
    { access: protectedAccess },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "the same access is set again on a public application",
    { access: publicWhenEmpty, rows: [], openedBy: "create" },
    { access: publicWhenEmpty },
    { intended: "public", openedBy: "create", becamePublic: false },
  ],
  [
    "the same access is set again after rows disappeared without an act",
    { access: publicWhenEmpty, rows: [], openedBy: null },
    { access: publicWhenEmpty },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "the same access is set again on an application closed by neverPublic",
    { access: publicWhenEmpty, rows: [], openedBy: "create", neverPublic: true },
    { access: publicWhenEmpty },
    { intended: "closed", openedBy: "create", becamePublic: false },
  ],
  // no act at all: a restore, an import or a removed member
  [
    "rows disappear without an act",
    { access: publicWhenEmpty, rows: [], openedBy: null },
    { nothing: true },
    { intended: "closed", openedBy: null },
  ],
  [
    "rows disappear without an act",
    { access: protectedAccess, rows: [], openedBy: null },
    { nothing: true },
    { intended: "closed", openedBy: null },
  ],
  [
    "nothing happens to a public application",
    { access: publicWhenEmpty, rows: [], openedBy: "delete" },
    { nothing: true },
    { intended: "public", openedBy: "delete" },
  ],
  [
    "neverPublic was turned on after the application was opened",
    { access: publicWhenEmpty, rows: [], openedBy: "delete", neverPublic: true },
    { nothing: true },
    { intended: "closed", openedBy: "delete" },
  ],
  // a credential closes
  [
    "a credential is added to a public application",
    { access: publicWhenEmpty, rows: [], openedBy: "create" },
    { add: true },
    { intended: "protected", openedBy: null },
  ],
  [
    "a credential is added to an application that a deletion opened",
    { access: publicWhenEmpty, rows: [], openedBy: "delete" },
    { add: true },
    { intended: "protected", openedBy: null },
  ],
  [
    "a credential is added next to an expired one",
    { access: publicWhenEmpty, rows: ["expired"], openedBy: null },
    { add: true },
    { intended: "protected", openedBy: null },
  ],
  [
    "a credential is added to a closed application",
    { access: protectedAccess, rows: [], openedBy: "create" },
    { add: true },
    { intended: "protected", openedBy: null },
  ],
  // changes that do not affect the access
  [
    "a public application is renamed",
    { access: publicWhenEmpty, rows: [], openedBy: "create" },
    { rename: true },
    { intended: "public", openedBy: "create", becamePublic: false },
  ],
  [
    "a closed application is renamed",
    { access: publicWhenEmpty, rows: [], openedBy: null },
    { rename: true },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "the hash algorithm of a public application changes",
    { access: publicWhenEmpty, rows: [], openedBy: "create" },
    { algorithm: "bcrypt" },
    { intended: "public", openedBy: "create", becamePublic: false },
  ],
  [
    "the hash algorithm changes while an expired row exists",
    { access: publicWhenEmpty, rows: ["expired"], openedBy: null },
    { algorithm: "bcrypt" },
    { intended: "closed", openedBy: null, refused: "credentials_exist" },
  ],
  [
    "an expired row gets a new password",
    { access: publicWhenEmpty, rows: ["expired"], openedBy: null },
    { newPassword: true },
    { intended: "closed", openedBy: null },
  ],
];

let world: World;
let openOrganization: GivenOrganization;
let neverPublicOrganization: GivenOrganization;
let places: Map<GivenOrganization, string>;

beforeAll(async () => {
  world = await openWorld();
  openOrganization = await world.organization();
  neverPublicOrganization = await world.organization();
  places = new Map();
  for (const org of [openOrganization, neverPublicOrganization])
    places.set(org, (await insertEnvironment(world, org)).environmentId);
  await setNeverPublic(neverPublicOrganization, true);
});
afterAll(() => world.close());

const setNeverPublic = (org: GivenOrganization, on: boolean) =>
  updateRows(world.db.owner, organizations, { organizationId: org.organizationId }, { neverPublic: on });

const soon = () => new Date(Date.now() + 3_600_000);

/** Creates an application in exactly this state, regardless of the acts that would lead to it. */
async function inState(org: GivenOrganization, start: Start) {
  const credentials = new Map<Row, string>();
  const created = await org.call<{ applicationId: string }>("applications.create", {
    environmentId: places.get(org),
    name: "Wiki",
    access: "protected",
  });
  const { applicationId } = created.data;
  for (const [index, row] of start.rows.entries()) {
    const { data } = await org.call<{ securityId: string }>("security.create", {
      applicationId,
      username: `u${index}`,
    });
    credentials.set(row, data.securityId);
    await updateRows(
      world.db.owner,
      security,
      { securityId: data.securityId },
      { expiresAt: row === "expired" ? new Date(Date.now() - 1_000) : soon() },
    );
  }
  await updateRows(world.db.owner, applications, { applicationId }, { access: start.access, openedBy: start.openedBy });
  return { applicationId, credentials };
}

async function act(
  org: GivenOrganization,
  { applicationId, credentials }: { applicationId: string; credentials: ReadonlyMap<Row, string> },
  what: Act,
): Promise<CallResponse<{ becamePublic?: boolean }> | null> {
  if ("delete" in what) return org.call("security.delete", { securityId: credentials.get(what.delete) });
  if ("add" in what) return org.call("security.create", { applicationId, username: "new" });
  if ("access" in what) return callConfirmed(org.call, "applications.update", { applicationId, access: what.access });
  if ("rename" in what) return org.call("applications.update", { applicationId, name: "Renamed" });
  if ("algorithm" in what) return org.call("applications.update", { applicationId, hashAlgorithm: what.algorithm });
  if ("newPassword" in what) {
    const password = registerSecret("Correct-Horse-7-Staple");
    return org.call("security.update", { securityId: credentials.get("expired"), password });
  }
  if ("time" in what) world.now = new Date(soon().getTime() + 1_000);
  return null;
}

const titleOf = ([title, { access, neverPublic }, , end]: (typeof table)[number]) => {
  const outcome = end.refused ? `is refused with ${end.refused}` : `the application is intended ${end.intended}`;
  return `${title} (${access}${neverPublic ? ", neverPublic" : ""}): ${outcome}`;
};

describe("DK-19: access", () => {
  test.each(table.map((row) => [titleOf(row), row] as const))("%s", async (_title, [, start, what, end]) => {
    const org = start.neverPublic ? neverPublicOrganization : openOrganization;
    const application = await inState(org, start);
    try {
      const answer = await act(org, application, what);
      if (answer && end.refused) {
        expect([answer.status, answer.error.data.reason]).toEqual([409, end.refused]);
      } else if (answer) {
        expect([answer.status, answer.data.becamePublic]).toEqual([200, end.becamePublic]);
      }
      const after = await org.call<{ openedBy: string | null; exposure: { intended: string } }>("applications.one", {
        applicationId: application.applicationId,
      });
      expect({ intended: after.data.exposure.intended, openedBy: after.data.openedBy }).toEqual({
        intended: end.intended,
        openedBy: end.openedBy,
      });
      if (end.refused) {
        const rows = await readRows(world.db.owner, security, { applicationId: application.applicationId });
        expect(rows).toHaveLength(start.rows.length);
      }
    } finally {
      world.now = null;
    }
  });

  const creations: [string, boolean, Access | undefined, boolean, Partial<End>][] = [
    [
      "without a credential",
      false,
      publicWhenEmpty,
      false,
      { intended: "public", openedBy: "create", becamePublic: true },
    ],
    ["without a credential", false, undefined, false, { intended: "public", openedBy: "create", becamePublic: true }],
    [
      "without a credential",
      false,
      protectedAccess,
      false,
      { intended: "closed", openedBy: "create", becamePublic: false },
    ],
    ["without a credential", false, publicWhenEmpty, true, { refused: "never_public" }],
    ["without a credential", false, undefined, true, { refused: "never_public" }],
    [
      "without a credential",
      false,
      protectedAccess,
      true,
      { intended: "closed", openedBy: "create", becamePublic: false },
    ],
    ["with a credential", true, publicWhenEmpty, false, { intended: "protected", openedBy: null, becamePublic: false }],
    ["with a credential", true, protectedAccess, false, { intended: "protected", openedBy: null, becamePublic: false }],
    ["with a credential", true, publicWhenEmpty, true, { intended: "protected", openedBy: null, becamePublic: false }],
    ["with a credential", true, undefined, true, { intended: "protected", openedBy: null, becamePublic: false }],
  ];
  test.each(creations)(
    "creating %s (credential %s, access %s, neverPublic %s) gives the expected exposure or refusal",
    async (_title, withCredential, access, neverPublic, end) => {
      const org = neverPublic ? neverPublicOrganization : openOrganization;
      const answer = await org.call<{ becamePublic: boolean; openedBy: string; exposure: { intended: string } }>(
        "applications.create",
        {
          environmentId: places.get(org),
          name: "Wiki",
          ...(access ? { access } : {}),
          ...(withCredential ? { credential: { username: "ada" } } : {}),
        },
      );
      if (end.refused) {
        expect([answer.status, answer.error.data.reason]).toEqual([409, end.refused]);
      } else {
        const { becamePublic, openedBy, exposure } = answer.data;
        expect({ becamePublic, openedBy, intended: exposure.intended }).toEqual(end);
      }
    },
  );

  test("a new application copies the organization's default access unless the request overrides it", async () => {
    const org = await world.organization();
    const { environmentId } = await insertEnvironment(world, org);
    await updateRows(
      world.db.owner,
      organizations,
      { organizationId: org.organizationId },
      { defaultAccess: "protected" },
    );
    const copied = await org.call("applications.create", { environmentId, name: "Wiki" });
    expect(copied.data).toMatchObject({ access: "protected", becamePublic: false, exposure: { intended: "closed" } });
    const overridden = await org.call("applications.create", { environmentId, name: "Wiki", access: publicWhenEmpty });
    expect(overridden.data).toMatchObject({
      access: publicWhenEmpty,
      becamePublic: true,
      exposure: { intended: "public" },
    });
    await updateRows(
      world.db.owner,
      organizations,
      { organizationId: org.organizationId },
      { defaultAccess: "public-when-empty" },
    );
    const after = await org.call("applications.one", { applicationId: copied.data.applicationId });
    expect(after.data).toMatchObject({ access: "protected", exposure: { intended: "closed" } });
  });

  test("DK-20: deleting an application makes it intended closed and deletes its credentials", async () => {
    const { applicationId } = await inState(openOrganization, {
      access: publicWhenEmpty,
      rows: ["valid"],
      openedBy: null,
    });
    const answer = await openOrganization.call("applications.delete", { applicationId });
    expect(answer.data).toMatchObject({
      exposure: { intended: "closed", state: "unknown" },
      sync: { state: "pending" },
    });
    expect(await readRows(world.db.owner, security, { applicationId })).toEqual([]);
    const row = await lastRow(world.db.owner, changes, { applicationId }, ["closes"]);
    expect(row?.closes).toBe(true);
  });

  test.each<[string, Start, Act, boolean]>([
    [
      "deleting a credential",
      { access: publicWhenEmpty, rows: ["valid", "valid"], openedBy: null },
      { delete: "valid" },
      true,
    ],
    [
      "adding one to a public application",
      { access: publicWhenEmpty, rows: [], openedBy: "create" },
      { add: true },
      true,
    ],
    ["adding one next to another", { access: publicWhenEmpty, rows: ["valid"], openedBy: null }, { add: true }, false],
    ["a new password", { access: publicWhenEmpty, rows: ["expired"], openedBy: null }, { newPassword: true }, true],
    [
      "access to protected",
      { access: publicWhenEmpty, rows: [], openedBy: "create" },
      { access: protectedAccess },
      true,
    ],
    [
      "access to public-when-empty",
      { access: protectedAccess, rows: [], openedBy: "create" },
      { access: publicWhenEmpty },
      false,
    ],
  ])("records whether the change closes the application: %s", async (_title, start, what, closes) => {
    const application = await inState(openOrganization, start);
    await act(openOrganization, application, what);
    const row = await lastRow(world.db.owner, changes, { applicationId: application.applicationId }, ["closes"]);
    expect(row?.closes).toBe(closes);
  });
});
