import { eq } from "drizzle-orm";
import { passkeys } from "#drizzle/persons";
import type { Authorized } from "#src/access/authorized";
import type { Person } from "#src/access/organization";
import { preparedUnitOfWork } from "#src/access/unit-of-work";
import type { Transaction } from "#src/database/database";
import { spendChallenge } from "#src/identity/challenges";
import { type NewPasskey, type PasskeyProblem, readClientData, verifyEnrolment } from "#src/identity/passkeys";
import { takeManagement } from "#src/identity/re-authentication";
import { replaceRecoveryCodes } from "#src/identity/recovery-codes";
import { relyingPartyOf } from "#src/identity/relying-party";
import { hasSecondFactor } from "#src/identity/second-factors";
import { endSessionsWithoutFactor } from "#src/identity/sessions";
import { operation } from "#src/operations/operation";
import { callerPerson } from "#src/operations/subject";
import { EnrolledPasskey, EnrolPasskey } from "#src/platform/contract/second-factors";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { recordFactorShown } from "../rows";
import { passkeyColumns, presentPasskey } from "./rows";

/** The most passkeys of one person. */
const most = 20;

/**
 * Adds a passkey. From then on it is enough to sign in, and it is requested after the password. A person's first factor
 * comes with ten recovery codes, and every other session that was opened with a password alone ends.
 * @param origin that the request was sent to
 * @throws Refusal `passkey_refused`, with the problem as `fields.response`
 * @throws Refusal `passkey_known` | `too_many_passkeys`
 * @throws Refusal see `relyingPartyOf`
 */
export const enrolPasskey = operation(
  {
    name: "auth.passkeys.enrol",
    summary: "Add a passkey to the caller's account",
    permission: "account:update",
    on: callerPerson,
    input: EnrolPasskey,
    output: EnrolledPasskey,
    errors: ["passkey_known", "passkey_needs_host_name", "passkey_refused", "too_many_passkeys"],
    rest: { method: "POST", path: "/account/passkeys", status: 201 },
  },
  async (authorized, input, { origin }) => {
    const { random } = authorized.request.runtime;
    const { userId } = authorized.object;
    return preparedUnitOfWork(
      authorized,
      (current) => verified(current, input, origin),
      async ({ tx, now, audit, authorized: { principal } }, passkey) => {
        if ((await tx.$count(passkeys, eq(passkeys.userId, userId))) >= most) {
          throw new Refusal("too_many_passkeys", { most });
        }
        const isFirstFactor = !(await hasSecondFactor(tx, userId));
        const passkeyId = newId("passkey");
        const row = await insert(tx, { ...passkey, passkeyId, userId, name: input.name, createdAt: now });
        const recoveryCodes = isFirstFactor ? await replaceRecoveryCodes(tx, random, userId, now) : null;
        await recordFactorShown(tx, principal, "passkey");
        const kept = principal.kind === "session" ? principal.sessionId : null;
        const endedSessions = await endSessionsWithoutFactor(tx, userId, kept);
        const changed = { name: input.name, endedSessions };
        audit({ kind: "passkey", id: passkeyId, name: input.name }, changed);
        return { ...presentPasskey(row), recoveryCodes };
      },
      { role: "identity" },
    );
  },
);

/** @throws Refusal */
async function verified(
  { request, principal, object }: Authorized<"account:update", Person>,
  { response }: EnrolPasskey,
  origin: string,
): Promise<NewPasskey> {
  await takeManagement(request);
  const clientData = readClientData(response.response);
  if (!clientData) throw refused("malformed");
  const challenge = await spendChallenge(request.runtime, "passkey-enrolment", String(clientData.challenge));
  if (!challenge) throw refused("unknown_challenge");
  const sessionId = principal.kind === "session" ? principal.sessionId : null;
  if (challenge.userId !== object.userId || challenge.sessionId !== sessionId) throw refused("wrong_person");
  const result = await verifyEnrolment(relyingPartyOf(origin), clientData.challenge, response);
  if (!result.ok) throw refused(result.problem);
  return result.passkey;
}

function refused(problem: PasskeyProblem): Refusal {
  return new Refusal("passkey_refused", { problem });
}

async function insert(tx: Transaction, passkey: typeof passkeys.$inferInsert) {
  const [row] = await tx
    .insert(passkeys)
    .values(passkey)
    .onConflictDoNothing({ target: passkeys.credentialId })
    .returning(passkeyColumns);
  if (!row) throw new Refusal("passkey_known");
  return row;
}
