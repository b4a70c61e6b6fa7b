import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { firstVersion } from "#drizzle/columns";
import { security } from "#drizzle/security";
import type { Authorized } from "#src/access/authorized";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { inParallel } from "#src/platform/in-parallel";
import { application, type LocatedApplication } from "../applications/resource";
import { CreateCredentials, type CreatedCredential, CreatedCredentials, ItemReason } from "./contract";
import { insertSealed, presentCredential, type SealedCredential } from "./rows";
import { hashKindOf, type PreparedPassword, preparePassword, requireStillAccepted, requireUsername } from "./rules";

/** How many passwords of one request are hashed at the same time. */
const hashedAtOnce = 4;

type Prepared = { readonly password: PreparedPassword } | { readonly refused: Refusal };

/**
 * Adds several credentials to an application in one transaction and one delivery. Each item is created, or refused with
 * its reason; a refused item does not affect the others.
 */
export const createMany = operation(
  {
    name: "security.createMany",
    summary: "Add several credentials to an application in one delivery, with an answer for each",
    permission: "security:create",
    on: application,
    input: CreateCredentials,
    output: CreatedCredentials,
    errors: [],
    rest: { method: "POST", path: "/applications/{applicationId}/credentials/batch" },
  },
  async (authorized, { credentials }) => {
    const { sealer } = authorized.request.runtime;
    return preparedUnitOfWork(
      authorized,
      (current) => prepareAll(current, credentials),
      async (work, prepared) => {
        const { applicationId, gatewayId, openedBy } = work.authorized.object;
        const kind = hashKindOf(work.authorized.object);
        const policy = work.authorized.organization.passwordPolicy;
        const present = await work.tx
          .select({ username: security.username })
          .from(security)
          .where(eq(security.applicationId, applicationId));
        const taken = new Set(present.map(({ username }) => username));
        const judged = credentials.map(({ username }, at) => {
          const item = prepared[at];
          if (item === undefined) throw new Error("createMany: an item was not prepared");
          if ("refused" in item) return { username, refused: item.refused };
          if (taken.has(username)) return { username, refused: new Refusal("duplicate_username", { username }) };
          taken.add(username);
          requireStillAccepted(item.password, { ...kind, policy });
          return { username, securityId: newId("credential"), password: item.password };
        });
        const accepted = judged.flatMap((item): SealedCredential[] => {
          if ("refused" in item) return [];
          const { securityId, username, password } = item;
          return [{ securityId, username, hashSealed: sealer.seal(`security:hash:${securityId}`, password.hash) }];
        });
        if (accepted.length > 0) {
          await insertSealed(work.tx, work.authorized.object, kind, accepted, work.now);
          work.deliver({ gatewayId, applicationId, closes: openedBy !== null });
          const its = eq(applications.applicationId, applicationId);
          if (openedBy !== null) await work.tx.update(applications).set({ openedBy: null }).where(its);
        }
        for (const { securityId: id, username } of accepted) {
          work.auditAs("security.create", { kind: "credential", id, name: username }, { username });
        }
        const dates = { createdAt: work.now, passwordChangedAt: work.now, expiresAt: null, lastUsedAt: null };
        const row = { applicationId, hashAlgorithm: kind.algorithm, ...dates, version: firstVersion };
        const items = judged.map((item) => {
          if ("refused" in item) return refusedItem(item.username, item.refused);
          const { securityId, username, password } = item;
          const created: CreatedCredential = {
            ...presentCredential({ ...row, securityId, username }, work.sync),
            warnings: [...password.warnings],
            ...(password.generated === undefined ? {} : { password: password.generated }),
          };
          return { username, created };
        });
        const { changeId, state } = work.sync;
        return { items, sync: { changeId, state } };
      },
    );
  },
);

async function prepareAll(
  { request, object, organization }: Authorized<"security:create", LocatedApplication>,
  credentials: CreateCredentials["credentials"],
): Promise<readonly Prepared[]> {
  const { passwordPolicy: policy, organizationId } = organization;
  const prepared: Prepared[] = [];
  await inParallel(credentials, hashedAtOnce, async ({ username, password }, at) => {
    try {
      requireUsername(username);
      const context = { ...hashKindOf(object), username, policy, organizationId };
      prepared[at] = { password: await preparePassword(request.runtime, password, context) };
    } catch (error) {
      if (!(error instanceof Refusal) || !ItemReason.safeParse(error.reason).success) throw error;
      prepared[at] = { refused: error };
    }
  });
  return prepared;
}

function refusedItem(username: string, { reason, message }: Refusal) {
  return { username, refused: { reason: ItemReason.parse(reason), message } };
}
