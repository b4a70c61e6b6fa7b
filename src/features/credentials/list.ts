import { and, desc, eq, inArray, lt } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { environments } from "#drizzle/projects";
import { security } from "#drizzle/security";
import { visibleProjects } from "#src/access/authorization";
import type { Authorized } from "#src/access/authorized";
import type { Reach } from "#src/access/organization";
import { readAs, readTogetherAs } from "#src/access/read-as";
import type { Transaction } from "#src/database/database";
import { reachedInSql } from "#src/database/moments-in-sql";
import { pageOfRows } from "#src/database/page-of-rows";
import { syncStatesOf } from "#src/delivery/sync-states";
import { operation } from "#src/operations/operation";
import { callerReach, orElse } from "#src/operations/subject";
import { later } from "#src/platform/moment";
import { application, type LocatedApplication } from "../applications/resource";
import { CredentialPage, ListCredentials } from "./contract";
import { credentialColumns, presentCredential } from "./rows";

type Reader = Authorized<"security:read", LocatedApplication | Reach>;

/** The credentials of an application, or of all that the caller can see, newest first. */
export const list = operation(
  {
    name: "security.list",
    summary: "List the credentials of an application, or of every application that the caller can see",
    permission: "security:read",
    on: orElse(application, callerReach),
    input: ListCredentials,
    output: CredentialPage,
    errors: [],
    rest: { method: "GET", path: "/applications/{applicationId}/credentials", also: "/credentials" },
  },
  async (authorized, input) => {
    const { object } = authorized;
    return "applicationId" in object ? ofOne(authorized, input, object.applicationId) : ofAll(authorized, input);
  },
);

/** Both statements in one round trip. */
function ofOne(authorized: Reader, input: ListCredentials, applicationId: string) {
  return readTogetherAs(authorized, 2, async (tx) => {
    const reading = readRows(tx, authorized, input);
    const states = syncStatesOf(tx, [applicationId], nowOf(authorized));
    const [rows, stateOf] = await Promise.all([reading, states]);
    return pageOf(rows, input, stateOf);
  });
}

function ofAll(authorized: Reader, input: ListCredentials) {
  return readAs(authorized, async (tx) => {
    const rows = await readRows(tx, authorized, input);
    const ids = [...new Set(rows.map(({ applicationId }) => applicationId))];
    return pageOf(rows, input, await syncStatesOf(tx, ids, nowOf(authorized)));
  });
}

function readRows(tx: Transaction, authorized: Reader, input: ListCredentials) {
  const { principal, organization, object } = authorized;
  const { applicationId, olderThanDays: days, cursor, limit } = input;
  const visible = visibleProjects(principal, organization, object, "security:read");
  return tx
    .select(credentialColumns)
    .from(security)
    .innerJoin(applications, eq(applications.applicationId, security.applicationId))
    .innerJoin(environments, eq(environments.environmentId, applications.environmentId))
    .where(
      and(
        applicationId === undefined ? undefined : eq(security.applicationId, applicationId),
        visible === "all" ? undefined : inArray(environments.projectId, [...visible]),
        days === undefined
          ? undefined
          : reachedInSql(security.passwordChangedAt, later(nowOf(authorized), -days * dayMs)),
        cursor === undefined ? undefined : lt(security.securityId, cursor),
      ),
    )
    .orderBy(desc(security.securityId))
    .limit(limit + 1);
}

function pageOf(
  rows: Awaited<ReturnType<typeof readRows>>,
  input: ListCredentials,
  stateOf: Awaited<ReturnType<typeof syncStatesOf>>,
) {
  return pageOfRows(
    rows,
    input,
    ({ securityId }) => securityId,
    (row) => presentCredential(row, { changeId: null, state: stateOf(row.applicationId) }),
  );
}

const dayMs = 24 * 3_600_000;

const nowOf = ({ request }: Reader): Date => request.runtime.clock.now();
