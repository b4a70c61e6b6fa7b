import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertPlace } from "../../support/place";
import { registerSecret } from "../../support/secrets";
import { type Answer, type GivenOrganization, openWorld, type World } from "../../support/world";

/**
 * Every way in which the number of an application's valid credentials is, or becomes, 0; and what may look like one.
 * `never`: the organization's `neverPublic`.
 */

type Access = "public-when-empty" | "protected";
type Row = "valid" | "expired";
type OpenedBy = "create" | "delete" | "access" | null;

interface Start {
  readonly access: Access;
  /** Rows of `security`, as they stand before the act. */
  readonly rows: readonly Row[];
  readonly openedBy: OpenedBy;
  readonly never?: boolean;
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
  /** In the answer; `undefined` where the act has no such answer. */
  readonly becamePublic?: boolean;
  readonly refused?: "never_public" | "credentials_exist";
}

const pwe = "public-when-empty";
const shielded = "protected";
const asBefore = { refused: "never_public" } as const;

const table: readonly (readonly [string, Start, Act, End])[] = [
  // the last row is deleted
  [
    "the last row deleted",
    { access: pwe, rows: ["valid"], openedBy: null },
    { delete: "valid" },
    { intended: "public", openedBy: "delete", becamePublic: true },
  ],
  [
    "the last row deleted",
    { access: shielded, rows: ["valid"], openedBy: null },
    { delete: "valid" },
    { intended: "closed", openedBy: "delete", becamePublic: false },
  ],
  [
    "the last row deleted",
    { access: pwe, rows: ["valid"], openedBy: null, never: true },
    { delete: "valid" },
    { intended: "protected", openedBy: null, ...asBefore },
  ],
  [
    "the last row deleted",
    { access: shielded, rows: ["valid"], openedBy: null, never: true },
    { delete: "valid" },
    { intended: "closed", openedBy: "delete", becamePublic: false },
  ],
  [
    "the last row deleted, expired before",
    { access: pwe, rows: ["expired"], openedBy: null },
    { delete: "expired" },
    { intended: "public", openedBy: "delete", becamePublic: true },
  ],
  [
    "the last row deleted, expired before",
    { access: shielded, rows: ["expired"], openedBy: null },
    { delete: "expired" },
    { intended: "closed", openedBy: "delete", becamePublic: false },
  ],
  [
    "the last row deleted, expired before",
    { access: pwe, rows: ["expired"], openedBy: null, never: true },
    { delete: "expired" },
    { intended: "closed", openedBy: null, ...asBefore },
  ],
  // a row is deleted, and others stay
  [
    "one of two deleted",
    { access: pwe, rows: ["valid", "valid"], openedBy: null },
    { delete: "valid" },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "one of two deleted",
    { access: pwe, rows: ["valid", "valid"], openedBy: null, never: true },
    { delete: "valid" },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "the last valid one deleted, an expired row stays",
    { access: pwe, rows: ["valid", "expired"], openedBy: null },
    { delete: "valid" },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "the last valid one deleted, an expired row stays",
    { access: shielded, rows: ["valid", "expired"], openedBy: null },
    { delete: "valid" },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "the last valid one deleted, an expired row stays",
    { access: pwe, rows: ["valid", "expired"], openedBy: null, never: true },
    { delete: "valid" },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "an expired row deleted, a valid one stays",
    { access: pwe, rows: ["valid", "expired"], openedBy: null },
    { delete: "expired" },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "one expired row of two deleted",
    { access: pwe, rows: ["expired", "expired"], openedBy: null },
    { delete: "expired" },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  // time
  [
    "the last valid one expires",
    { access: pwe, rows: ["valid"], openedBy: null },
    { time: "passes" },
    { intended: "closed", openedBy: null },
  ],
  [
    "the last valid one expires",
    { access: shielded, rows: ["valid"], openedBy: null },
    { time: "passes" },
    { intended: "closed", openedBy: null },
  ],
  [
    "both expire",
    { access: pwe, rows: ["valid", "valid"], openedBy: null },
    { time: "passes" },
    { intended: "closed", openedBy: null },
  ],
  [
    "the last valid one expires",
    { access: pwe, rows: ["valid"], openedBy: null, never: true },
    { time: "passes" },
    { intended: "closed", openedBy: null },
  ],
  // access
  [
    "access to public-when-empty, empty",
    { access: shielded, rows: [], openedBy: "create" },
    { access: pwe },
    { intended: "public", openedBy: "access", becamePublic: true },
  ],
  [
    "access to public-when-empty, empty by deletion",
    { access: shielded, rows: [], openedBy: "delete" },
    { access: pwe },
    { intended: "public", openedBy: "access", becamePublic: true },
  ],
  [
    "access to public-when-empty, empty",
    { access: shielded, rows: [], openedBy: "create", never: true },
    { access: pwe },
    { intended: "closed", openedBy: "create", ...asBefore },
  ],
  [
    "access to public-when-empty with a credential",
    { access: shielded, rows: ["valid"], openedBy: null },
    { access: pwe },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "access to public-when-empty with a credential",
    { access: shielded, rows: ["valid"], openedBy: null, never: true },
    { access: pwe },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "access to public-when-empty with an expired row only",
    { access: shielded, rows: ["expired"], openedBy: null },
    { access: pwe },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "access to protected, public before",
    { access: pwe, rows: [], openedBy: "create" },
    { access: shielded },
    { intended: "closed", openedBy: "create", becamePublic: false },
  ],
  [
    "access to protected with a credential",
    { access: pwe, rows: ["valid"], openedBy: null },
    { access: shielded },
    { intended: "protected", openedBy: null, becamePublic: false },
  ],
  [
    "access said again, public before",
    { access: pwe, rows: [], openedBy: "create" },
    { access: pwe },
    { intended: "public", openedBy: "create", becamePublic: false },
  ],
  [
    "access said again, emptied by no act",
    { access: pwe, rows: [], openedBy: null },
    { access: pwe },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "access said again, closed by neverPublic",
    { access: pwe, rows: [], openedBy: "create", never: true },
    { access: pwe },
    { intended: "closed", openedBy: "create", becamePublic: false },
  ],
  // no act at all: a restore, an import, a removed member
  [
    "rows gone by no act",
    { access: pwe, rows: [], openedBy: null },
    { nothing: true },
    { intended: "closed", openedBy: null },
  ],
  [
    "rows gone by no act",
    { access: shielded, rows: [], openedBy: null },
    { nothing: true },
    { intended: "closed", openedBy: null },
  ],
  [
    "open, and nothing happens",
    { access: pwe, rows: [], openedBy: "delete" },
    { nothing: true },
    { intended: "public", openedBy: "delete" },
  ],
  [
    "open once, and neverPublic since",
    { access: pwe, rows: [], openedBy: "delete", never: true },
    { nothing: true },
    { intended: "closed", openedBy: "delete" },
  ],
  // a credential closes
  [
    "a credential added, public before",
    { access: pwe, rows: [], openedBy: "create" },
    { add: true },
    { intended: "protected", openedBy: null },
  ],
  [
    "a credential added, opened by deletion",
    { access: pwe, rows: [], openedBy: "delete" },
    { add: true },
    { intended: "protected", openedBy: null },
  ],
  [
    "a credential added beside an expired one",
    { access: pwe, rows: ["expired"], openedBy: null },
    { add: true },
    { intended: "protected", openedBy: null },
  ],
  [
    "a credential added, closed before",
    { access: shielded, rows: [], openedBy: "create" },
    { add: true },
    { intended: "protected", openedBy: null },
  ],
  // what changes nothing of it
  [
    "renamed, public before",
    { access: pwe, rows: [], openedBy: "create" },
    { rename: true },
    { intended: "public", openedBy: "create", becamePublic: false },
  ],
  [
    "renamed, closed before",
    { access: pwe, rows: [], openedBy: null },
    { rename: true },
    { intended: "closed", openedBy: null, becamePublic: false },
  ],
  [
    "another algorithm, public before",
    { access: pwe, rows: [], openedBy: "create" },
    { algorithm: "bcrypt" },
    { intended: "public", openedBy: "create", becamePublic: false },
  ],
  [
    "another algorithm, with an expired row",
    { access: pwe, rows: ["expired"], openedBy: null },
    { algorithm: "bcrypt" },
    { intended: "closed", openedBy: null, refused: "credentials_exist" },
  ],
  [
    "a new password for an expired one",
    { access: pwe, rows: ["expired"], openedBy: null },
    { newPassword: true },
    { intended: "closed", openedBy: null },
  ],
];

let world: World;
let open: GivenOrganization;
let never: GivenOrganization;
let places: Map<GivenOrganization, string>;

beforeAll(async () => {
  world = await openWorld();
  open = await world.organization();
  never = await world.organization();
  places = new Map();
  for (const org of [open, never]) places.set(org, (await insertPlace(world, org)).environmentId);
  await setNever(never, true);
});
afterAll(() => world.close());

const setNever = (org: GivenOrganization, on: boolean) =>
  world.db.asOwner(`update organizations set never_public = $2 where organization_id = $1`, [org.organizationId, on]);

const soon = () => new Date(Date.now() + 3_600_000);

/** An application in exactly this state, whatever acts would have led to it. */
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
    await world.db.asOwner(`update security set expires_at = $2 where security_id = $1`, [
      data.securityId,
      (row === "expired" ? new Date(Date.now() - 1_000) : soon()).toISOString(),
    ]);
  }
  await world.db.asOwner(`update applications set access = $2, opened_by = $3 where application_id = $1`, [
    applicationId,
    start.access,
    start.openedBy,
  ]);
  return { applicationId, credentials };
}

async function act(
  org: GivenOrganization,
  { applicationId, credentials }: { applicationId: string; credentials: ReadonlyMap<Row, string> },
  what: Act,
): Promise<Answer<{ becamePublic?: boolean }> | null> {
  if ("delete" in what) return org.call("security.delete", { securityId: credentials.get(what.delete) });
  if ("add" in what) return org.call("security.create", { applicationId, username: "new" });
  if ("access" in what) return org.call("applications.update", { applicationId, access: what.access });
  if ("rename" in what) return org.call("applications.update", { applicationId, name: "Renamed" });
  if ("algorithm" in what) return org.call("applications.update", { applicationId, hashAlgorithm: what.algorithm });
  if ("newPassword" in what) {
    const password = registerSecret("Correct-Horse-7-Staple");
    return org.call("security.update", { securityId: credentials.get("expired"), password });
  }
  if ("time" in what) world.now = new Date(soon().getTime() + 1_000);
  return null;
}

const titleOf = ([title, { access, never: ruledOut }]: (typeof table)[number]) =>
  `${title} (${access}${ruledOut ? ", neverPublic" : ""})`;

describe("DK-19: access", () => {
  test.each(table.map((row) => [titleOf(row), row] as const))("%s", async (_title, [, start, what, end]) => {
    const org = start.never ? never : open;
    const made = await inState(org, start);
    try {
      const answer = await act(org, made, what);
      if (answer && end.refused) {
        expect([answer.status, answer.error.data.reason]).toEqual([409, end.refused]);
      } else if (answer) {
        expect([answer.status, answer.data.becamePublic]).toEqual([200, end.becamePublic]);
      }
      const after = await org.call<{ openedBy: string | null; exposure: { intended: string } }>("applications.one", {
        applicationId: made.applicationId,
      });
      expect({ intended: after.data.exposure.intended, openedBy: after.data.openedBy }).toEqual({
        intended: end.intended,
        openedBy: end.openedBy,
      });
      if (end.refused) {
        const rows = await world.db.asOwner(`select 1 from security where application_id = $1`, [made.applicationId]);
        expect(rows).toHaveLength(start.rows.length);
      }
    } finally {
      world.now = null;
    }
  });

  const creations: [string, boolean, Access | undefined, boolean, Partial<End>][] = [
    ["without a credential", false, pwe, false, { intended: "public", openedBy: "create", becamePublic: true }],
    ["without a credential", false, undefined, false, { intended: "public", openedBy: "create", becamePublic: true }],
    ["without a credential", false, shielded, false, { intended: "closed", openedBy: "create", becamePublic: false }],
    ["without a credential", false, pwe, true, { refused: "never_public" }],
    ["without a credential", false, undefined, true, { refused: "never_public" }],
    ["without a credential", false, shielded, true, { intended: "closed", openedBy: "create", becamePublic: false }],
    ["with a credential", true, pwe, false, { intended: "protected", openedBy: null, becamePublic: false }],
    ["with a credential", true, shielded, false, { intended: "protected", openedBy: null, becamePublic: false }],
    ["with a credential", true, pwe, true, { intended: "protected", openedBy: null, becamePublic: false }],
    ["with a credential", true, undefined, true, { intended: "protected", openedBy: null, becamePublic: false }],
  ];
  test.each(creations)(
    "created %s: credential %s, access %s, neverPublic %s",
    async (_title, withCredential, access, ruledOut, end) => {
      const org = ruledOut ? never : open;
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

  test("an organization's default access is copied at creation, and can be overruled", async () => {
    const org = await world.organization();
    const { environmentId } = await insertPlace(world, org);
    await world.db.asOwner(`update organizations set default_access = 'protected' where organization_id = $1`, [
      org.organizationId,
    ]);
    const copied = await org.call("applications.create", { environmentId, name: "Wiki" });
    expect(copied.data).toMatchObject({ access: "protected", becamePublic: false, exposure: { intended: "closed" } });
    const overruled = await org.call("applications.create", { environmentId, name: "Wiki", access: pwe });
    expect(overruled.data).toMatchObject({ access: pwe, becamePublic: true, exposure: { intended: "public" } });
    await world.db.asOwner(`update organizations set default_access = 'public-when-empty' where organization_id = $1`, [
      org.organizationId,
    ]);
    const after = await org.call("applications.one", { applicationId: copied.data.applicationId });
    expect(after.data).toMatchObject({ access: "protected", exposure: { intended: "closed" } });
  });

  test("DK-20: a deleted application is meant to be closed, and its credentials are gone", async () => {
    const { applicationId } = await inState(open, { access: pwe, rows: ["valid"], openedBy: null });
    const answer = await open.call("applications.delete", { applicationId });
    expect(answer.data).toMatchObject({
      exposure: { intended: "closed", state: "unknown" },
      sync: { state: "pending" },
    });
    expect(await world.db.asOwner(`select 1 from security where application_id = $1`, [applicationId])).toEqual([]);
    const [row] = await world.db.asOwner(
      `select closes from changes where application_id = $1 order by row desc limit 1`,
      [applicationId],
    );
    expect(row?.closes).toBe(true);
  });

  test.each<[string, Start, Act, boolean]>([
    ["deleting a credential", { access: pwe, rows: ["valid", "valid"], openedBy: null }, { delete: "valid" }, true],
    ["adding one to a public application", { access: pwe, rows: [], openedBy: "create" }, { add: true }, true],
    ["adding one beside another", { access: pwe, rows: ["valid"], openedBy: null }, { add: true }, false],
    ["a new password", { access: pwe, rows: ["expired"], openedBy: null }, { newPassword: true }, true],
    ["access to protected", { access: pwe, rows: [], openedBy: "create" }, { access: shielded }, true],
    ["access to public-when-empty", { access: shielded, rows: [], openedBy: "create" }, { access: pwe }, false],
  ])("%s is delivered as what it is: closing or not", async (_title, start, what, closes) => {
    const made = await inState(open, start);
    await act(open, made, what);
    const [row] = await world.db.asOwner(
      `select closes from changes where application_id = $1 order by row desc limit 1`,
      [made.applicationId],
    );
    expect(row?.closes).toBe(closes);
  });
});
